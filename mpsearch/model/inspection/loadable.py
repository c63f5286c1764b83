"""Whether Keras would load what the allow-list does not know, if it were let."""

import importlib.util
from typing import Any, Final

from mpsearch.model.inspection.allowed import ACTIVATIONS, DTYPES, PLAIN_VALUES, WITHOUT_MODULE

_UNLISTED: Final = frozenset(
    {"CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "Lambda"}
    | {"MaxNumBoundingBoxes", "MelSpectrogram", "Pipeline", "STFTSpectrogram", "StringLookup"}
    | {"TextVectorization", "Wrapper"}
)
"""Layers that Keras builds from a file and the allow-list leaves out."""

_OF_KERAS: Final = ("keras", "builtins")


def will_load(config: dict[str, Any]) -> bool:
    """Whether Keras, with its own guard on, can build all that a description names.

    It never runs a Python function that is stored in a file, and knows only registered classes; no
    option changes that.

    Args:
        config: The description, in Keras 3's terms.
    """
    waiting: list[tuple[str, Any]] = [("", config)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value and not _is_there(value):
                return False
            waiting.extend(item for item in value.items() if item[0] != "compile_config")
        elif isinstance(value, list):
            waiting.extend((key, entry) for entry in value)
        elif isinstance(value, str) and not _is_read(key, value):
            return False
    return True


def _is_there(value: dict[str, Any]) -> bool:
    """Whether Keras finds the class or function of an object, and takes it from a file."""
    kind, module, settings = value["class_name"], value.get("module", "keras"), value.get("config")
    if not isinstance(kind, str) or not isinstance(module, str):
        return False
    if (
        kind == "Lambda"
        and isinstance(settings, dict)
        and isinstance(settings.get("function"), list)
    ):
        return False  # code, as the legacy format has it
    family = module.partition(".")[0]
    if family not in _OF_KERAS:
        return _is_installed(family)
    if kind == "function":
        return settings in ACTIVATIONS
    if module.startswith("keras.src."):
        return True
    return kind in PLAIN_VALUES or kind in WITHOUT_MODULE or kind in _UNLISTED


def _is_installed(family: str) -> bool:
    """Whether a package can be found; nothing of it is run."""
    try:
        return family != "__main__" and importlib.util.find_spec(family) is not None
    except (ImportError, ValueError):
        return False


def _is_read(key: str, value: str) -> bool:
    """Whether Keras takes a string where it is."""
    if key == "name":
        return "/" not in value
    if key.endswith("activation"):
        return value in ACTIVATIONS
    return key not in {"dtype", "input_dtype"} or value in DTYPES
