"""Which Keras wrote a file."""

import re
from typing import Any, Final

_VERSION: Final = re.compile(r"\d{1,4}(\.\d{1,6}){0,3}[-+.\w]{0,16}")


def version_of(value: Any) -> str:
    """A version as a file gives it: a string or bytes; empty where it is anything else."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    return text if isinstance(text, str) and _VERSION.fullmatch(text) else ""


def is_keras2(version: str, config: dict[str, Any]) -> bool:
    """Whether a description is in Keras 2's terms.

    Args:
        version: Version of Keras, from :func:`version_of`.
        config: The description; it decides where the file names no version.
    """
    if version:
        return version.startswith("2.")
    return "batch_input_shape" in _keys_of_layers(config)


def _keys_of_layers(config: dict[str, Any]) -> set[str]:
    """Every setting that a layer at the top of a model has."""
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    keys: set[str] = set()
    for layer in layers if isinstance(layers, list) else ():
        settings = layer.get("config") if isinstance(layer, dict) else None
        keys.update(settings if isinstance(settings, dict) else ())
    return keys
