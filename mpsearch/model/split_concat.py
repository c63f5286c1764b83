"""Convolve the parts of a concatenation instead of putting them side by side.

A single-pixel convolution sums over input channels, so over ``[a, b]`` it is that of *a* with the
first rows of the kernel plus that of *b* with the others: the concatenation, which is copying and
nothing else, is not needed. A part that many plans share is then convolved once for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from mpsearch.model.backend import keras, tf
from mpsearch.model.folding import FoldedCall
from mpsearch.model.graph import Call, Cut
from mpsearch.model.pooled_concat import PooledConcat, concatenated, pooled_concat


@dataclass(frozen=True, slots=True, eq=False)
class SplitCall:
    """A concatenation of channels, perhaps pooled, and the convolution that reads it, as one.

    Attributes:
        parts: Values that are concatenated, with repetition.
        before: The call that makes the concatenation.
        layer: The convolution.
    """

    parts: tuple[int, ...]
    before: Call | PooledConcat
    layer: Call | FoldedCall

    @property
    def outputs(self) -> tuple[int, ...]:
        """What the convolution makes."""
        return self.layer.outputs

    def run(self, known: dict[int, Any], weights: Mapping[int, Any]) -> None:
        """Compute the outputs from the values *known* and add them there.

        Args:
            known: Value number → tensor. A part may have n images where others have k·n: it is
                the same for each n of theirs.
            weights: id of a variable → the tensor that stands for it.
        """
        operation = plain(self.layer).operation
        kernel = weights[id(operation.weights[0])]
        offset = None if operation.bias is None else weights[id(operation.bias)]
        if isinstance(self.layer, FoldedCall):
            kernel = kernel * self.layer.scale
            offset = self.layer.offset(offset)
        total, first = None, 0
        for value in self.parts:
            part = tf.cast(known[value], kernel.dtype)  # as the concatenation would
            if isinstance(self.before, PooledConcat):
                part = self.before.pooling(part)
            last = first + part.shape[-1]
            one = _product(part, kernel[0, 0, first:last])
            if total is None and offset is not None:
                one = tf.nn.bias_add(one, offset)
            total, first = one if total is None else _spread_sum(one, total), last
        if not isinstance(self.layer, FoldedCall) and operation.activation is not None:
            total = operation.activation(total)
        known[self.outputs[0]] = total


def _product(x: Any, matrix: Any) -> Any:
    """A single-pixel convolution: with few outputs, TensorFlow's product is faster than its own."""
    rows = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), matrix)
    return tf.reshape(rows, [-1, *x.shape[1:-1], matrix.shape[-1]])


def _spread_sum(one: Any, other: Any) -> Any:
    """The sum; where one has fewer images, they are added to each as many of the other."""
    images = tf.minimum(tf.shape(one)[0], tf.shape(other)[0])
    rows = [-1, images * prod(one.shape[1:])]
    return tf.reshape(tf.reshape(one, rows) + tf.reshape(other, rows), [-1, *one.shape[1:]])


def plain(layer: Call | FoldedCall) -> Call:
    """The call of the weight layer itself."""
    return layer.layer if isinstance(layer, FoldedCall) else layer


def pays(concat: Any, convolution: Any) -> bool:
    """Whether splitting gives the same numbers in less time.

    The parts' results have to be added: that pays where the convolution has few outputs.

    Args:
        concat: The operation that makes the concatenation.
        convolution: The operation that reads it.
    """
    if type(concat) is not keras.layers.Concatenate or type(convolution) is not keras.layers.Conv2D:
        return False
    kernel = tuple(convolution.weights[0].shape)
    return (
        concat.axis % len(concat.output.shape) == len(concat.output.shape) - 1
        and kernel[:2] == (1, 1)
        and tuple(convolution.strides) == (1, 1)
        and convolution.groups == 1
        and convolution.data_format == "channels_last"
        and concat.compute_dtype == convolution.compute_dtype == "float32"
        and len(convolution.weights) == 1 + (convolution.bias is not None)
        and 2 * kernel[3] <= kernel[2]
    )


def split_first(steps: list[Any]) -> list[Any]:
    """Steps of a stage with the first two made one, if they are such a pair."""
    if len(steps) < 2 or not isinstance(steps[1], Call | FoldedCall):
        return steps
    before, layer = steps[:2]
    concat = before.concat if isinstance(before, PooledConcat) else before
    if not isinstance(concat, Call) or plain(layer).inputs != before.outputs:
        return steps
    if concat.knows_masks or plain(layer).knows_masks:
        return steps
    if not pays(concat.operation, plain(layer).operation):
        return steps
    return [SplitCall(concatenated(concat), before, layer), *steps[2:]]


def is_split_concat(merge: Cut, reader: Call) -> bool:
    """Whether a stage that concatenates, and perhaps pools, can become part of its reader."""
    concat, *then = merge.calls
    if reader.knows_masks or any(call.knows_masks for call in merge.calls):
        return False
    if len(then) > 1 or (then and pooled_concat(concat, then[0]) is None):
        return False
    return pays(concat.operation, reader.operation)
