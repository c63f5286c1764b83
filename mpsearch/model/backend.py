"""TensorFlow and Keras, imported when one of their names is first used.

Everything of ours that needs them says ``from mpsearch.model.backend import keras, tf`` at its top,
and whatever can be refused without them is refused before their seconds are spent.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

_LOADED: Final = "mpsearch.model.loaded_backend"
_waiting: list[Callable[[], object]] = []


def once_loaded(call: Callable[[], object]) -> None:
    """Have *call* made when TensorFlow was just loaded, and nothing was computed with it.

    It is never made in a process that may have computed something with TensorFlow already.
    """
    if _LOADED not in sys.modules:
        _waiting.append(call)


class _Lazy:
    """A package that is imported when one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        loaded = import_module(_LOADED)
        value = getattr(getattr(loaded, self._name), name)
        setattr(self, name, value)  # found without this detour from now on
        while _waiting:
            call = _waiting.pop()
            if loaded.is_first:
                call()
        return value


# None of them has type information.
h5py: Any = _Lazy("h5py")  # of a file that was inspected
keras: Any = _Lazy("keras")
tf: Any = _Lazy("tf")
