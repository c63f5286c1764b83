"""Several weight sets of one layer, as one matrix product.

A dense layer, and a convolution whose kernel is a single pixel, multiply each position's channels
with a matrix. With S matrices that is one batched product, whose result already lies as S batches
of images one after the other; one call instead of S, and for the small products of late layers
several times faster.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from mpsearch.model.backend import keras, tf
from mpsearch.model.folding import FoldedCall
from mpsearch.model.split_concat import SplitCall, plain

# Stacking copies the kernels; for large ones that takes longer than it gains. Bytes.
_LARGEST_KERNEL: Final = 4 * 2**20
_CONVOLUTIONS: Final = ("Conv1D", "Conv2D", "Conv3D")


def can_stack(step: Any) -> bool:
    """Whether the first step of a stage is such a layer."""
    operation = _layer(step).operation
    kind = type(operation).__name__
    if not type(operation).__module__.startswith("keras.") or kind not in ("Dense", *_CONVOLUTIONS):
        return False
    kernel = operation.weights[0].shape
    if 4 * math.prod(kernel) > _LARGEST_KERNEL or operation.compute_dtype != "float32":
        return False
    if len(operation.weights) != 1 + (operation.bias is not None):
        return False
    return kind == "Dense" or (
        set(kernel[:-2]) == {1}
        and set(operation.strides) == {1}
        and operation.groups == 1
        and operation.data_format == "channels_last"
    )


def run_stacked(step: Any, weights: Sequence[Any], known: dict[int, Any], shared: bool) -> None:
    """Run such a step with stacked weights.

    Args:
        step: :class:`~mpsearch.model.graph.Call`, :class:`FoldedCall` or :class:`SplitCall`.
        weights: Kernels of shape (S, …) and biases (S, channels), if the layer has one.
        known: Value number → tensor with n images, or S·n, those of the first weight set first;
            the step's output has S·n.
        shared: The input has n images, and every weight set is run on them.
    """
    if isinstance(step, SplitCall):
        step.before.run(known)
        step = step.layer
    folded = isinstance(step, FoldedCall)
    call = _layer(step)
    (source,) = call.inputs
    kernels = weights[0]
    x = tf.cast(known[source], kernels.dtype)  # as the layer itself would
    rows, columns = kernels.shape[-2:]
    kernels = tf.reshape(kernels, [-1, rows, columns])
    offset = weights[1][:, None, :] if len(weights) > 1 else None
    if folded:
        kernels *= step.scale
        offset = step.offset(offset)
    parts = 1 if shared else tf.shape(kernels)[0]
    y = tf.matmul(tf.reshape(x, [parts, -1, rows]), kernels)
    if offset is not None:
        y += offset
    y = tf.reshape(y, [-1, *x.shape[1:-1], columns])
    activation = call.operation.activation
    if activation is not None and activation is not keras.activations.linear:
        y = activation(y)
    known[step.outputs[0]] = y


def _layer(step: Any) -> Any:
    """The call of the weight layer in a step."""
    return plain(step.layer if isinstance(step, SplitCall) else step)
