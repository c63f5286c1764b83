"""Weight layers of the usual kinds as TensorFlow's own operations, for tensors of any sides.

Keras' layers know the sides of their own kernels and take no others. The operations are those that
Keras uses.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from mpsearch.model.backend import keras, tf
from mpsearch.model.step import (
    Call,
    KernelStep,
    LayerStep,
    Step,
    Tensor,
    Tensors,
    Weights,
    activated,
)

_KINDS: Final = ("Conv2D", "DepthwiseConv2D", "Dense")


@dataclass(frozen=True, slots=True, eq=False)
class PlainLayer(KernelStep):
    """The use of a weight layer, alone or with what is folded into it.

    Attributes:
        step: The same as Keras runs it; says what is folded in.
    """

    spreads: ClassVar[bool] = False

    step: LayerStep

    @property
    def call(self) -> Call:
        """That of the layer."""
        return self.step.call

    @property
    def outputs(self) -> tuple[int, ...]:
        """What the layer, or what is folded into it, makes."""
        return self.step.outputs

    @property
    def before(self) -> Step | None:
        """As in Keras."""
        return self.step.before

    def scaled(self, kernel: Tensor) -> Tensor:
        """As in Keras."""
        return self.step.scaled(kernel)

    def offset(self, bias: Tensor | None) -> Tensor | None:
        """As in Keras."""
        return self.step.offset(bias)

    def run(self, tensors: Tensors, weights: Weights) -> None:
        """Compute the outputs from the values in *tensors* and add them there."""
        operation = self.call.operation
        (source,) = self.call.inputs
        kernel = weights[id(operation.weights[0])]
        offset = self.offset(None if operation.bias is None else weights[id(operation.bias)])
        if type(operation) is keras.layers.DepthwiseConv2D:
            # Its output channels are on two axes.
            shape = tf.shape(kernel)
            kernel = tf.reshape(kernel, [*kernel.shape[:2], 1, shape[2] * shape[3]])
            kernel = tf.reshape(self.scaled(kernel), shape)
        else:
            kernel = self.scaled(kernel)
        result = _applied(operation, tensors[source], kernel)
        if offset is not None:
            result = tf.nn.bias_add(result, offset)
        tensors[self.outputs[0]] = activated(operation, result)


def _applied(operation: Any, x: Tensor, kernel: Tensor) -> Tensor:
    if type(operation) is keras.layers.Dense:
        return tf.matmul(x, kernel)
    padding = operation.padding.upper()
    if type(operation) is keras.layers.DepthwiseConv2D:
        return tf.nn.depthwise_conv2d(x, kernel, [1, *operation.strides, 1], padding)
    return tf.nn.conv2d(x, kernel, operation.strides, padding)


def plain_kind(operation: Any, rank: int) -> Hashable | None:
    """What a weight layer computes, its sides and numbers apart; None where it is of another kind.

    Args:
        operation: The layer.
        rank: Axes of its input.
    """
    kind = type(operation).__name__
    if kind not in _KINDS or type(operation) is not getattr(keras.layers, kind):
        return None
    variables = [operation.weights[0], *([] if operation.bias is None else [operation.bias])]
    if len(operation.weights) != len(variables) or not _is_float32(operation):
        return None
    activation = operation.activation
    if activation is not None and not str(activation.__module__).startswith("keras."):
        return None
    if kind == "Dense":
        return (kind, len(variables), activation) if rank == 2 else None
    strides, padding = tuple(operation.strides), operation.padding
    if (
        padding not in ("same", "valid")
        or set(operation.dilation_rate) != {1}
        or operation.data_format != "channels_last"
        or getattr(operation, "groups", 1) != 1
        or (kind == "DepthwiseConv2D" and len(set(strides)) != 1)
    ):
        return None
    window = tuple(operation.weights[0].shape[:2])
    return (kind, len(variables), activation, window, strides, padding)


def _is_float32(operation: Any) -> bool:
    return (
        operation.compute_dtype == "float32"
        and getattr(operation, "quantization_mode", None) is None
        and all(v.dtype == "float32" for v in operation.weights)
    )
