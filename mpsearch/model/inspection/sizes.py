"""Numbers of a description held against what the file stores."""

import math
from collections.abc import Iterator
from typing import Any, Final

_FREE: Final = 2**20  # parameters, or an extent, that need no weights to be accepted
_SLACK: Final = 8  # quantized weights are stored several to a byte
_LARGEST_SHAPE: Final = 2**28  # elements of an input or of a reshaped tensor
_MOST_OUTPUTS: Final = 2**12  # of one operation, each of which Keras makes in turn
_OUTPUTS: Final = frozenset({"num", "indices_or_sections"})
_LARGEST_SEED: Final = 2**64
_SEEDS: Final = frozenset({"seed", "shared_object_id"})  # numbers that measure nothing
_SHAPES: Final = frozenset(
    {"batch_shape", "batch_input_shape", "build_input_shape", "input_shape", "shape"}
    | {"target_shape"}
)
_UNITS: Final = ("units", "filters", "output_dim")


def oversized(value: dict[str, Any], place: str, kind: str, largest: int) -> Iterator[str]:
    """What a part of a description declares and the file cannot hold.

    Args:
        value: The part.
        place: Location of the layer, for the message.
        kind: Class of the object it belongs to.
        largest: Elements of the largest stored array.

    Yields:
        One clause per number that is too large.
    """
    most = max(_FREE, _SLACK * largest)
    for key, entry in value.items():
        numbers = [number for number in _numbers(entry) if isinstance(number, int)]
        bound = _LARGEST_SEED if key in _SEEDS else _MOST_OUTPUTS if key in _OUTPUTS else most
        for number in numbers:
            if abs(number) > bound:
                yield f"{place}: {key} = {number:.4g} is more than this file can be about"
        if key in _SHAPES and math.prod(max(1, abs(side)) for side in numbers) > _LARGEST_SHAPE:
            yield f"{place}: a {key} of more than {_LARGEST_SHAPE:,} numbers"
    declared = _parameters(value, kind)
    if declared > most:
        yield (
            f"{place}: {kind} declares at least {declared:,} parameters, the largest array in the "
            f"file has {largest:,}"
        )


def _numbers(entry: Any) -> list[Any]:
    """An entry that is a number, or the numbers of one that is a list."""
    entries = entry if isinstance(entry, list) else [entry]
    return [
        number
        for number in entries
        if isinstance(number, (int, float)) and not isinstance(number, bool)
    ]


def _parameters(value: dict[str, Any], kind: str) -> int:
    """Fewest elements that the largest weight of a layer has; 1 for what has none."""
    config = value.get("config")
    if not isinstance(config, dict) or "class_name" not in value:
        return 1
    kernel = math.prod(_extent(size) for size in _numbers(config.get("kernel_size")))
    units = max((_extent(config.get(key)) for key in _UNITS), default=1)
    if kind.startswith("Separable"):
        return max(kernel, units)
    if kind == "Embedding":
        return _extent(config.get("input_dim")) * units
    if kind in {"Dense", "Conv1D", "Conv2D", "Conv3D"}:
        return kernel * units * _channels(value, config) // _extent(config.get("groups"))
    return kernel * units * _extent(config.get("depth_multiplier"))


def _channels(value: dict[str, Any], config: dict[str, Any]) -> int:
    """Channels of the input that a layer was built for; 1 where that is not said."""
    built = value.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if not isinstance(shape, list) or len(shape) < 2:
        return 1
    return _extent(shape[1 if config.get("data_format") == "channels_first" else -1])


def _extent(number: Any) -> int:
    return max(1, number) if isinstance(number, int) and not isinstance(number, bool) else 1
