"""Calculations without layers (``x / 127.5``, ``tf.nn.relu6(x)``), which Keras 2 stores by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mpsearch.model.inspection.keras2.settings import RETRAIN
from mpsearch.model.inspection.verdict import Refused

KINDS: Final = frozenset({"TFOpLambda", "SlicingOpLambda"})

_NUMPY: Final = "keras.src.ops.numpy"
_NN: Final = "keras.src.ops.nn"
_CORE: Final = "keras.src.ops.core"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of Keras 3.

    Attributes:
        module: Module of the operation's class.
        kind: Class of the operation.
        settings: Configuration of the operation, without the name.
        args: Arguments of the call.
    """

    module: str
    kind: str
    settings: dict[str, Any]
    args: list[Any]


def operation_in_keras3(
    function: Any, first: Any, keywords: dict[str, Any], place: str
) -> Operation:
    """What Keras 3 calls a function of TensorFlow's.

    Args:
        function: Name of the function, without ``tf.``.
        first: The first argument: a tensor, a constant, or a list of them.
        keywords: The others, by name.
        place: Names the step in messages.

    Raises:
        Refused: If it is not one of those that are known, or is called in another way.
    """
    keywords = {key: value for key, value in keywords.items() if key != "name"}
    build = _FUNCTIONS.get(function) if isinstance(function, str) else None
    if build is None:
        shown = str(function)[:60]
        raise Refused(
            f"cannot be loaded: {place} calls tf.{shown}, which is not known by its Keras 3 name",
            RETRAIN,
        )
    try:
        operation = build(first, keywords)
    except KeyError as error:
        raise Refused(
            f"cannot be loaded: {place} calls tf.{function} without {error}", RETRAIN
        ) from None
    left = {key: value for key, value in keywords.items() if value is not None}
    if left:
        key, value = next(iter(left.items()))
        raise Refused(
            f"cannot be loaded: {place} calls tf.{function} with {key} = {str(value)[:60]}, which "
            "is not known in Keras 3's terms",
            RETRAIN,
        )
    return operation


Build = Callable[[Any, dict[str, Any]], Operation]


def _constant(value: Any) -> Any:
    """A number stays one, a list of numbers becomes an array."""
    if isinstance(value, list):
        return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
    return value


def _binary(kind: str, second: str = "y", **silent: Any) -> Build:
    def build(first: Any, keywords: dict[str, Any]) -> Operation:
        _drop(keywords, silent)
        return Operation(_NUMPY, kind, {}, [_constant(first), _constant(keywords.pop(second))])

    return build


def _unary(module: str, kind: str, renamed: dict[str, str] | None = None, **silent: Any) -> Build:
    """An operation of one tensor.

    Args:
        module: Module of the operation's class.
        kind: Class of the operation.
        renamed: Keyword of TensorFlow's → setting of Keras 3's.
        silent: Keywords and the values that say nothing.
    """

    def build(first: Any, keywords: dict[str, Any]) -> Operation:
        _drop(keywords, silent)
        settings = {
            ours: keywords.pop(theirs)
            for theirs, ours in (renamed or {}).items()
            if theirs in keywords
        }
        return Operation(module, kind, settings, [first])

    return build


def _drop(keywords: dict[str, Any], silent: dict[str, Any]) -> None:
    for key, value in silent.items():
        if keywords.get(key) == value:
            keywords.pop(key, None)


def _sliced(first: Any, keywords: dict[str, Any]) -> Operation:
    spec = keywords.pop("slice_spec")
    parts = spec if isinstance(spec, list) else [spec]
    return Operation(_NUMPY, "GetItem", {}, [first, [_part(part) for part in parts]])


def _part(part: Any) -> Any:
    if isinstance(part, dict) and "class_name" in part:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(part, dict):
        ends = {key: part.get(key) for key in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": ends}
    return part


def _leaky(first: Any, keywords: dict[str, Any]) -> Operation:
    slope = keywords.pop("alpha", 0.2)
    return Operation(_NN, "LeakyRelu", {"negative_slope": slope}, [first])


def _gelu(first: Any, keywords: dict[str, Any]) -> Operation:
    return Operation(_NN, "Gelu", {"approximate": keywords.pop("approximate", False)}, [first])


def _resized(first: Any, keywords: dict[str, Any]) -> Operation:
    silent = {"preserve_aspect_ratio": False, "antialias": False}
    _drop(keywords, silent)
    settings = {
        "size": keywords.pop("size"),
        "interpolation": keywords.pop("method", "bilinear"),
        "data_format": "channels_last",
    }
    return Operation("keras.src.ops.image", "Resize", settings, [first])


def _padded(first: Any, keywords: dict[str, Any]) -> Operation:
    _drop(keywords, {"constant_values": 0})
    mode = str(keywords.pop("mode", "CONSTANT")).lower()
    return Operation(_NUMPY, "Pad", {"pad_width": keywords.pop("paddings"), "mode": mode}, [first])


_REDUCED: Final = {"axis": "axis", "keepdims": "keepdims"}
_FUNCTIONS: Final[dict[str, Build]] = {
    "__operators__.add": _binary("Add"),
    "__operators__.getitem": _sliced,
    "add": _binary("Add"),
    "clip_by_value": _unary(_NUMPY, "Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "cast": _unary(_CORE, "Cast", {"dtype": "dtype"}),
    "compat.v1.pad": _padded,
    "compat.v1.squeeze": _unary(_NUMPY, "Squeeze", {"axis": "axis"}),
    "compat.v1.transpose": _unary(_NUMPY, "Transpose", {"perm": "axes"}, conjugate=False),
    "concat": _unary(_NUMPY, "Concatenate", {"axis": "axis"}),
    "expand_dims": _unary(_NUMPY, "ExpandDims", {"axis": "axis"}),
    "image.resize": _resized,
    "math.abs": _unary(_NUMPY, "Absolute"),
    "math.add": _binary("Add"),
    "math.divide": _binary("TrueDivide"),
    "math.exp": _unary(_NUMPY, "Exp"),
    "math.maximum": _binary("Maximum"),
    "math.minimum": _binary("Minimum"),
    "math.multiply": _binary("Multiply"),
    "math.negative": _unary(_NUMPY, "Negative"),
    "math.pow": _binary("Power"),
    "math.reduce_max": _unary(_NUMPY, "Max", _REDUCED),
    "math.reduce_mean": _unary(_NUMPY, "Mean", _REDUCED),
    "math.reduce_min": _unary(_NUMPY, "Min", _REDUCED),
    "math.reduce_sum": _unary(_NUMPY, "Sum", _REDUCED),
    "math.sigmoid": _unary(_NN, "Sigmoid"),
    "math.softplus": _unary(_NN, "Softplus"),
    "math.sqrt": _unary(_NUMPY, "Sqrt"),
    "math.square": _unary(_NUMPY, "Square"),
    "math.subtract": _binary("Subtract"),
    "math.tanh": _unary(_NUMPY, "Tanh"),
    "math.truediv": _binary("TrueDivide"),
    "nn.bias_add": _binary("Add", "bias", data_format="NHWC"),
    "nn.elu": _unary(_NN, "Elu"),
    "nn.gelu": _gelu,
    "nn.leaky_relu": _leaky,
    "nn.relu": _unary(_NN, "Relu"),
    "nn.relu6": _unary(_NN, "Relu6"),
    "nn.selu": _unary(_NN, "Selu"),
    "nn.silu": _unary(_NN, "Silu", beta=1.0),
    "nn.softmax": _unary(_NN, "Softmax", {"axis": "axis"}),
    "nn.softplus": _unary(_NN, "Softplus"),
    "nn.swish": _unary(_NN, "Silu", beta=1.0),
    "pad": _padded,
    "reshape": _unary(_NUMPY, "Reshape", {"shape": "newshape"}),
    "squeeze": _unary(_NUMPY, "Squeeze", {"axis": "axis"}),
    "stack": _unary(_NUMPY, "Stack", {"axis": "axis"}),
    "transpose": _unary(_NUMPY, "Transpose", {"perm": "axes"}, conjugate=False),
}
