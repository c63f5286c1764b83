"""Calculations without layers as TensorFlow 1.15 to 2.3 stored them: nodes of its graph."""

from typing import Any, Final

from mpsearch.model.inspection.document import parse
from mpsearch.model.inspection.keras2.settings import RETRAIN
from mpsearch.model.inspection.verdict import Refused

KIND: Final = "TensorFlowOpLayer"

Call = tuple[str, Any, dict[str, Any]]
"""A function of TensorFlow's, its first argument, and the others by name."""

_ONE: Final = {
    "Abs": "math.abs",
    "Elu": "nn.elu",
    "Exp": "math.exp",
    "Neg": "math.negative",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Selu": "nn.selu",
    "Sigmoid": "math.sigmoid",
    "Softmax": "nn.softmax",
    "Softplus": "math.softplus",
    "Sqrt": "math.sqrt",
    "Square": "math.square",
    "Tanh": "math.tanh",
}
_TWO: Final = {
    "Add": ("math.add", "y"),
    "AddV2": ("math.add", "y"),
    "BiasAdd": ("nn.bias_add", "bias"),
    "ExpandDims": ("expand_dims", "axis"),
    "Max": ("math.reduce_max", "axis"),
    "Maximum": ("math.maximum", "y"),
    "Mean": ("math.reduce_mean", "axis"),
    "Min": ("math.reduce_min", "axis"),
    "Minimum": ("math.minimum", "y"),
    "Mul": ("math.multiply", "y"),
    "Pad": ("pad", "paddings"),
    "Pow": ("math.pow", "y"),
    "RealDiv": ("math.truediv", "y"),
    "Reshape": ("reshape", "shape"),
    "Sub": ("math.subtract", "y"),
    "Sum": ("math.reduce_sum", "axis"),
    "Transpose": ("transpose", "perm"),
}
"""Operation → function, and the name of its second argument."""

_NHWC: Final = "TkhXQw=="  # in base 64
_MASKS: Final = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def call_of(settings: dict[str, Any], tensors: list[Any], place: str) -> Call:
    """The function that a node calls, as later versions of TensorFlow store it.

    Args:
        settings: The layer's configuration.
        tensors: Arguments of the call, in order.
        place: Names the layer in messages.

    Raises:
        Refused: If the operation is not known.
    """
    node = settings["node_def"]
    node = parse(node) if isinstance(node, str) else node
    kind, attributes = node["op"], node.get("attr", {})
    inputs = _inputs(settings.get("constants", {}), tensors)
    if kind in _ONE and len(inputs) == 1:
        return _ONE[kind], inputs[0], {}
    if kind in _TWO and len(inputs) == 2:
        function, second = _TWO[kind]
        return function, inputs[0], {second: inputs[1], **_said(attributes)}
    if kind == "ConcatV2":
        return "concat", inputs[:-1], {"axis": inputs[-1]}
    if kind == "Squeeze" and len(inputs) == 1:
        axes = attributes.get("squeeze_dims", {}).get("list", {}).get("i")
        return "squeeze", inputs[0], {"axis": axes and [int(axis) for axis in axes]}
    if kind == "StridedSlice" and len(inputs) == 4:
        return "__operators__.getitem", inputs[0], {"slice_spec": _slices(inputs[1:], attributes)}
    raise Refused(
        f"cannot be loaded: {place} is TensorFlow's operation {str(kind)[:60]}, which is not known "
        "by its Keras 3 name",
        RETRAIN,
    )


def _inputs(constants: dict[str, Any], tensors: list[Any]) -> list[Any]:
    """All inputs of a node in order; *constants* has the places of those that are no tensors."""
    fixed = {int(place): value for place, value in constants.items()}
    others = iter(tensors)
    return [
        fixed[place] if place in fixed else next(others)
        for place in range(len(fixed) + len(tensors))
    ]


def _said(attributes: dict[str, Any]) -> dict[str, Any]:
    """What a node's attributes say beyond its inputs."""
    keywords: dict[str, Any] = {}
    if "keep_dims" in attributes:
        keywords["keepdims"] = bool(attributes["keep_dims"].get("b"))
    if attributes.get("data_format", {}).get("s", _NHWC) != _NHWC:
        keywords["data_format"] = "NCHW"
    return keywords


def _slices(bounds: list[Any], attributes: dict[str, Any]) -> list[Any]:
    begin, end, no_axis, new_axis, one_index = (
        int(attributes.get(name, {}).get("i", 0)) for name in _MASKS
    )
    slices: list[Any] = []
    for axis, (first, last, step) in enumerate(zip(*bounds, strict=True)):
        bit = 1 << axis
        if no_axis & bit:
            slices.append({"class_name": "__ellipsis__"})
        elif new_axis & bit:
            slices.append(None)
        elif one_index & bit:
            slices.append(first)
        else:
            ends = (None if begin & bit else first, None if end & bit else last)
            slices.append({"start": ends[0], "stop": ends[1], "step": step})
    return slices
