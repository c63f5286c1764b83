"""TensorFlow and Keras, imported when one of their names is first used.

Everything of ours that needs them says ``from mpsearch.model.backend import keras, tf`` at its top,
and whatever can be refused without them is refused before their seconds are spent.
"""

from importlib import import_module
from typing import Any


class _Lazy:
    """A package that is imported when one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        loaded = import_module("mpsearch.model.loaded_backend")
        value = getattr(getattr(loaded, self._name), name)
        setattr(self, name, value)  # found without this detour from now on
        return value


# Neither package has type information.
keras: Any = _Lazy("keras")
tf: Any = _Lazy("tf")
