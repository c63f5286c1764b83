"""Names that TensorFlow takes for scopes."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mpsearch.model.backend import keras

_SCOPE: Final = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.>/-]*")


def is_scope_name(name: str) -> bool:
    """Whether a name may name a scope: no space, no letter beyond ASCII."""
    return _SCOPE.fullmatch(name) is not None


def compile_safely(operations: Iterable[Any]) -> bool:
    """Whether Keras operations, and all inside them, have names with which TensorFlow compiles.

    It takes layers' names for scope names, but only in compiled code. Trying would do harm: where
    it fails, Keras' own stack of names is left in disorder, and layers made later get other names.
    """
    return all(
        is_scope_name(inside.name) for operation in operations for inside in _everything(operation)
    )


def name_for_scopes(operation: Any) -> None:
    """Give an operation, and all inside it, names with which TensorFlow compiles.

    For a model that is used nowhere else.
    """
    for inside in _everything(operation):
        if not is_scope_name(inside.name):
            inside.name = f"operation_{id(inside)}"


def _everything(operation: Any) -> Iterator[Any]:
    yield operation
    if isinstance(operation, keras.Model):
        children = getattr(operation, "operations", operation.layers)
    else:
        # Keras' own list of sublayers; there is no public one.
        children = getattr(operation, "_layers", [])
    for child in children:
        yield from _everything(child)
