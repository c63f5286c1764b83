"""Convolve the parts of a concatenation instead of putting them side by side.

A single-pixel convolution sums over input channels, so over ``[a, b]`` it is that of *a* with the
first rows of the kernel plus that of *b* with the others: the concatenation, which is copying and
nothing else, is not needed. A part that many plans share is then convolved once for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import Cut
from mpsearch.model.pooled_concat import pooled_concat
from mpsearch.model.sides import side, sides
from mpsearch.model.step import (
    Call,
    Concatenation,
    KernelStep,
    LayerStep,
    Step,
    Tensor,
    Tensors,
    Weights,
    activated,
)


@dataclass(frozen=True, slots=True, eq=False)
class SplitCall(KernelStep):
    """A concatenation of channels, perhaps pooled, and the convolution that reads it, as one.

    Attributes:
        parts_before: What is put side by side.
        before: Makes the concatenation as it is.
        convolution: The step that reads it.
    """

    spreads: ClassVar[bool] = True

    parts_before: Concatenation
    before: Step
    convolution: LayerStep

    @property
    def call(self) -> Call:
        """That of the convolution."""
        return self.convolution.call

    @property
    def outputs(self) -> tuple[int, ...]:
        """What the convolution makes."""
        return self.convolution.outputs

    def scaled(self, kernel: Tensor) -> Tensor:
        """As the convolution does."""
        return self.convolution.scaled(kernel)

    def offset(self, bias: Tensor | None) -> Tensor | None:
        """As the convolution does."""
        return self.convolution.offset(bias)

    def run(self, tensors: Tensors, weights: Weights) -> None:
        """Compute the outputs from the values in *tensors* and add them there.

        Args:
            tensors: Value number → tensor. A part may have n images where others have k·n: it is
                the same for each n of theirs.
            weights: id of a variable → the tensor that stands for it.
        """
        operation = self.call.operation
        kernel = self.scaled(weights[id(operation.weights[0])])
        offset = self.offset(None if operation.bias is None else weights[id(operation.bias)])
        total, first = None, 0
        for value in self.parts_before.parts:
            part = tf.cast(tensors[value], kernel.dtype)  # as the concatenation would
            part = self.parts_before.pool(part)
            last = first + side(part, -1)
            product = _product(part, kernel[0, 0, first:last])
            if total is None and offset is not None:
                product = tf.nn.bias_add(product, offset)
            total, first = product if total is None else _spread_sum(product, total), last
        tensors[self.outputs[0]] = activated(operation, total)


def _product(x: Any, matrix: Any) -> Any:
    """A single-pixel convolution: with few outputs, TensorFlow's product is faster than its own."""
    rows = tf.matmul(tf.reshape(x, [-1, side(x, -1)]), matrix)
    return tf.reshape(rows, [-1, *sides(x, 1, -1), side(matrix, -1)])


def _spread_sum(part: Any, other: Any) -> Any:
    """The sum; where one has fewer images, they are added to each as many of the other."""
    images = tf.minimum(tf.shape(part)[0], tf.shape(other)[0])
    one = sides(part, 1, len(part.shape))
    rows = [-1, images * prod(one)]
    return tf.reshape(tf.reshape(part, rows) + tf.reshape(other, rows), [-1, *one])


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


def split_first(steps: Sequence[Step]) -> list[Step]:
    """Steps of a stage with the first two made one, if they are such a pair."""
    if len(steps) < 2:
        return list(steps)
    before, layer = steps[0], steps[1].layer
    concat = before.concatenation
    if concat is None or layer is None or layer.call.inputs != before.outputs:
        return list(steps)
    if concat.call.knows_masks or layer.call.knows_masks:
        return list(steps)
    if not pays(concat.call.operation, layer.call.operation):
        return list(steps)
    return [SplitCall(concat, before, layer), *steps[2:]]


def is_split_concat(merge: Cut, reader: Call) -> bool:
    """Whether a stage that concatenates, and perhaps pools, can become part of its reader."""
    concat, *then = merge.calls
    if reader.knows_masks or any(call.knows_masks for call in merge.calls):
        return False
    if len(then) > 1 or (then and pooled_concat(concat, then[0]) is None):
        return False
    return pays(concat.operation, reader.operation)
