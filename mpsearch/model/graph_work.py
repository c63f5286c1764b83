"""Memory and work that a TensorFlow graph takes, known from its shapes."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mpsearch.model.backend import tf

_FUNCTIONS: Final = ("body", "cond", "f", "then_branch", "else_branch")
# These give on what they are given, or hold what is there anyway.
_FREE: Final = frozenset(
    {"Const", "ExpandDims", "Identity", "Placeholder", "ReadVariableOp", "Reshape", "Shape"}
    | {"Squeeze", "StopGradient"}
)
_LOOPS: Final = frozenset({"While", "StatelessWhile"})
_FILTERS: Final = frozenset({"Conv2D", "Conv3D"})
_PRODUCTS: Final = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"})


SLOW: Final = 8  # of a depthwise convolution or pooling; one takes as long as 8 of others


@dataclass(frozen=True, slots=True)
class Work:
    """What computing something takes.

    Attributes:
        nbytes: Most that is held at one time, inputs left out.
        multiplications: Roughly.
        steps: Number of steps that run one after the other, as in a recurrent layer.
    """

    nbytes: int
    multiplications: int
    steps: int


def nbytes_of(tensors: Sequence[Any]) -> int:
    """Bytes of tensors for one image; an open side counts as one."""
    return sum(
        _count(tensor) * tf.as_dtype(tensor.dtype).size
        for tensor in tensors
        if tf.as_dtype(tensor.dtype).size
    )


def graph_work(graph: Any, trips: int) -> Work:
    """What running a graph takes.

    Args:
        graph: Graph of a traced function, with shapes for one image.
        trips: How often its loops go round, at most.
    """
    operations = graph.get_operations()
    place = {operation.name: number for number, operation in enumerate(operations)}
    ends: dict[int, int] = {}  # operation → bytes that are not read after it
    held = most = count = steps = 0
    for number, operation in enumerate(operations):
        inner = [graph_work(function, trips) for function in _functions(graph, operation)]
        times = trips if operation.type in _LOOPS else 1
        count += times * sum(work.multiplications for work in inner)
        steps += times * sum(work.steps for work in inner) + (times if times > 1 else 0)
        made = 0 if operation.type in _FREE else nbytes_of(operation.outputs)
        count += _multiplications(operation)
        held += made
        most = max(most, held + max((work.nbytes for work in inner), default=0))
        readers = [
            place[reader.name] for tensor in operation.outputs for reader in tensor.consumers()
        ]
        end = max(readers, default=len(operations))
        ends[end] = ends.get(end, 0) + made
        held -= ends.pop(number, 0)
    return Work(most, count, steps)


def _functions(graph: Any, operation: Any) -> list[Any]:
    """Graphs of the functions that an operation calls."""
    attributes = operation.node_def.attr
    names = [attributes[key].func.name for key in _FUNCTIONS if key in attributes]
    functions = [graph._get_function(name) for name in names if name]
    return [
        function.graph for function in functions if getattr(function, "graph", None) is not None
    ]


def _multiplications(operation: Any) -> int:
    """Multiplications of an operation for one image; 1 per output number where none is summed."""
    kind, inputs = operation.type, operation.inputs
    each = 1
    if kind in _FILTERS:
        each = _area(inputs[1])
    elif kind == "DepthwiseConv2dNative":
        each = SLOW * _area(inputs[1]) // (inputs[1].shape[2] or 1)
    elif kind.endswith("Pool") or "Pool3D" in kind:
        each = SLOW * min(math.prod(operation.get_attr("ksize")), _count(inputs[0]))
    elif kind == "Einsum":
        shapes = [tensor.shape for tensor in inputs]
        return _einsum(operation.get_attr("equation").decode(), shapes)
    elif kind.startswith("Conv") and "Backprop" in kind:  # transposed: each number it reads
        return _count(inputs[2]) * _area(inputs[1])
    made = sum(map(_count, operation.outputs))
    if kind in _PRODUCTS:
        # The three sizes are m·k, k·n and m·n: k is summed over.
        return math.isqrt(max(1, _count(inputs[0]) * _count(inputs[1]) * made))
    return made * each


def _area(kernel: Any) -> int:
    """Products that one output of a convolution sums, or that one input goes into."""
    shape = tf.TensorShape(kernel.shape)
    if shape.rank is None:
        return 1
    return math.prod(side or 1 for side in shape.as_list()[:-1])


def _einsum(equation: str, shapes: Sequence[Any]) -> int:
    """Every combination of indices is one multiplication."""
    sides: dict[str, int] = {}
    rest = 1
    for term, shape in zip(equation.partition("->")[0].split(","), shapes, strict=True):
        letters = re.sub(r"[\s.]", "", term)
        if "..." in term:
            rest = max(rest, math.prod(side or 1 for side in shape[: len(shape) - len(letters)]))
        sides |= {
            letter: side or 1 for letter, side in zip(letters[::-1], shape[::-1], strict=False)
        }
    return rest * math.prod(sides.values())


def _count(tensor: Any) -> int:
    shape = tf.TensorShape(tensor.shape)
    return math.prod(side or 1 for side in shape) if shape.rank is not None else 1
