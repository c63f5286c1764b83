"""Fold a BatchNormalization into the weight layer before it.

At inference a normalization is ``y = x·s + t`` with fixed ``s = γ / √(σ² + ε)`` and
``t = β − μ·s`` per channel, and a convolution or dense layer is linear in its tensors. So
``(W∗x + b)·s + t = (W·s)∗x + (b·s + t)``: two passes over the activations less, and a bias that
TensorFlow can fuse with the convolution.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.pooled_concat import pooled_concat
from mpsearch.model.step import Call, KernelStep, Step, Tensor, Tensors, Weights
from mpsearch.values.arrays import Float32Array

# Axis of the kernel that counts output channels; a depthwise kernel has them on two axes.
_TRANSPOSED: Final = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_DEPTHWISE: Final = ("DepthwiseConv1D", "DepthwiseConv2D")
_PLAIN: Final = ("Conv1D", "Conv2D", "Conv3D", "Dense")


@dataclass(frozen=True, slots=True, eq=False)
class FoldedCall(KernelStep):
    """A weight layer and the normalization after it, run as one.

    Attributes:
        call: That of the weight layer.
        outputs: What the normalization makes.
        scale: ``s``, shape (channels,).
        shift: ``t``, shape (channels,).
    """

    spreads: ClassVar[bool] = False

    call: Call
    outputs: tuple[int, ...]
    scale: Float32Array
    shift: Float32Array

    @property
    def before(self) -> None:
        """Nothing."""

    def run(self, tensors: Tensors, weights: Weights) -> None:
        """Compute the outputs from the values in *tensors* and add them there."""
        operation = self.call.operation
        kernel, bias = operation.weights[0], operation.bias
        scaled = [(kernel, weights[id(kernel)] * self.scale.reshape(_kernel_shape(operation)))]
        if bias is not None:
            scaled.append((bias, self.offset(weights[id(bias)])))
        inside: Tensors = {value: tensors[value] for value in self.call.inputs}
        with keras.StatelessScope(state_mapping=scaled):
            self.call.run(inside, weights)
        (made,) = self.call.outputs
        shifted = inside[made]
        if bias is None:
            shifted = tf.nn.bias_add(shifted, self.offset(None))
        tensors[self.outputs[0]] = shifted

    def scaled(self, kernel: Tensor) -> Tensor:
        """``W·s``, for a *kernel* whose output channels are last."""
        return kernel * self.scale

    def offset(self, bias: Tensor | None) -> Tensor:
        """``b·s + t``, the layer's own *bias* being None or b."""
        return self.shift if bias is None else bias * self.scale + self.shift


def fold(calls: tuple[Call, ...], outputs: tuple[int, ...]) -> list[Step]:
    """Replace every pair of calls that can be run as one.

    Args:
        calls: Calls of one stage.
        outputs: Values that are read outside the stage.
    """
    readers: dict[int, list[Call]] = {}
    for call in calls:
        for value in call.inputs:
            readers.setdefault(value, []).append(call)
    steps: list[Step] = []
    done: set[int] = set()
    for call in calls:
        if id(call) in done:
            continue
        after = [] if set(call.outputs) & set(outputs) else readers.get(call.outputs[0], [])
        pair = _pair(call, after[0]) if len(after) == 1 else None
        steps.append(pair or call)
        if pair is not None:
            done.add(id(after[0]))
    return steps


def _pair(first: Call, then: Call) -> Step | None:
    if first.knows_masks or then.knows_masks:
        return None
    if _is_linear(first.operation) and _is_fixed(then.operation):
        scale, shift = _constants(then.operation)
        return FoldedCall(first, then.outputs, scale, shift)
    return pooled_concat(first, then)


def _is_linear(operation: Any) -> bool:
    return (
        type(operation).__name__ in (*_PLAIN, *_TRANSPOSED, *_DEPTHWISE)
        and type(operation).__module__.startswith("keras.")
        and operation.activation in {None, keras.activations.linear}
        and len(operation.weights) == 1 + (operation.bias is not None)
        and getattr(operation, "data_format", "channels_last") == "channels_last"
        and operation.compute_dtype == "float32"
    )


def _is_fixed(operation: Any) -> bool:
    """Whether it is a normalization of the last axis with stored statistics."""
    if type(operation) is not keras.layers.BatchNormalization:
        return False
    rank = len(operation.input.shape)
    return bool(operation.axis % rank == rank - 1 and operation.compute_dtype == "float32")


def _constants(operation: Any) -> tuple[Float32Array, Float32Array]:
    # In float64, rounded once: closer to the exact values than float32 all the way.
    mean, variance = (
        np.asarray(v, dtype=np.float64) for v in (operation.moving_mean, operation.moving_variance)
    )
    scale = 1.0 / np.sqrt(variance + operation.epsilon)
    if operation.scale:
        scale = scale * np.asarray(operation.gamma, dtype=np.float64)
    shift = -mean * scale
    if operation.center:
        shift = shift + np.asarray(operation.beta, dtype=np.float64)
    return scale.astype(np.float32), shift.astype(np.float32)


def _kernel_shape(operation: Any) -> tuple[int, ...]:
    """The shape that spreads one number per output channel over the kernel."""
    kind, kernel = type(operation).__name__, tuple(operation.weights[0].shape)
    ones = (1,) * (len(kernel) - 2)
    if kind in _DEPTHWISE:
        return (*ones, *kernel[-2:])
    if kind in _TRANSPOSED:
        return (*ones, kernel[-2], 1)
    return (*ones, 1, kernel[-1])
