"""Settings in a description that are of another type than the layer takes."""

import inspect
import json
import math
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from mpsearch.model.backend import h5py, keras
from mpsearch.model.inspection.archive import CONFIG
from mpsearch.model.source import ModelSource
from mpsearch.values.errors import ModelError

_MODULES: Final = ("layers", "initializers", "regularizers", "constraints")
# What may be a list although its default is one number. Elsewhere a list would make an output of
# another shape than the layer says.
_LISTS: Final = {
    *("axis", "axes", "cropping", "dilation_rate", "kernel_size", "output_size", "padding"),
    *("pool_size", "size", "strides"),
}
_AUGMENTING: Final = ("Random", "AugMix", "CutMix", "MixUp", "RandAugment", "Rescaling", "Solariz")
_LONGEST: Final = 60  # letters of a value in a message


def require_sound_settings(source: ModelSource, path: Path) -> None:
    """Refuse a value that is of another type than its default, as a string for a number.

    Keras looks at some settings when a layer is made, and leaves others to whatever fails later.

    Raises:
        ModelError: Names the layer and the setting.
    """
    for layer, key, value, expected in _wrong(_description(source, path)):
        shown = json.dumps(value)
        raise ModelError(
            f"model {source.text!r}: layer {layer[:_LONGEST]!r}: {key} = {shown[:_LONGEST]}, where "
            f"{expected} is expected; correct it and save the model again"
        )


def _description(source: ModelSource, path: Path) -> Any:
    if source.description:
        return json.loads(source.description)
    if source.kind == "keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(CONFIG))
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["model_config"])


def _wrong(description: Any) -> Iterator[tuple[str, str, Any, str]]:
    """Layer, key, value and what is expected of each value of a wrong type, in order."""
    waiting = [(description, "")]
    while waiting:
        value, layer = waiting.pop()
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict) and isinstance(value.get("config"), dict):
            config = value["config"]
            layer = str(config.get("name", layer))
            kind = str(value.get("class_name"))
            for key, default in _defaults(kind).items():
                given = config.get(key)
                if isinstance(given, list) and (key in _LISTS or kind.startswith(_AUGMENTING)):
                    continue
                expected = _expected(default, given)
                if expected:
                    yield layer, key, given, expected
        waiting.extend(
            (entry, layer) for entry in reversed(list(inner)) if isinstance(entry, (dict, list))
        )


@cache
def _defaults(kind: str) -> dict[str, Any]:
    """Settings of a class that have a default which says their type."""
    members = [getattr(getattr(keras, module), kind, None) for module in _MODULES]
    classes = [member for member in members if inspect.isclass(member)]
    if not classes:
        return {}
    parameters = inspect.signature(classes[0].__init__).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if isinstance(parameter.default, (int, float, str))
    }


def _expected(default: Any, value: Any) -> str:
    """What is expected where a value is of another type than *default*; empty where it fits."""
    if value is None or (isinstance(value, dict) and "class_name" in value):
        return ""
    match default:
        case bool():
            return "" if value in (0, 1) else "true or false"
        case str():
            return "a string" if isinstance(value, (bool, int, float, list)) else ""
        case int():
            return "" if _is_number(value) and value == int(value) else "an integer"
        case _:
            return "" if _is_number(value) else "a number"


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
