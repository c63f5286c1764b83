"""Several weight sets of one layer, as one matrix product.

A dense layer, and a convolution whose kernel is a single pixel, multiply each position's channels
with a matrix. With S matrices that is one batched product, whose result already lies as S batches
of images one after the other; one call instead of S, and for the small products of late layers
several times faster.

A larger kernel does the same with each position's neighbourhood. Writing all neighbourhoods down
costs more than a convolution, so that pays only where every weight set reads the same few images.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from mpsearch.model.backend import tf
from mpsearch.model.sides import side, sides
from mpsearch.model.step import Step, Tensor, Tensors, activated

# Stacking copies the kernels; for large ones that takes longer than it gains. Bytes.
_LARGEST_KERNEL: Final = 4 * 2**20
# Bytes of one image's neighbourhoods: beyond, they leave the processor's cache.
_LARGEST_PATCHES: Final = 4 * 2**20
_CONVOLUTIONS: Final = ("Conv1D", "Conv2D", "Conv3D")
# Images per weight set up to which several sets run faster together.
_MOST_IMAGES: Final = 8
_MOST_PATCHED: Final = 4


def most_stacked(step: Step, shared: bool) -> int:
    """Images per weight set up to which several sets of a stage run faster together.

    Args:
        step: The first of the stage.
        shared: Every weight set is run on the same images.

    Returns:
        0 where they cannot, or never do.
    """
    if step.layer is None:
        return 0
    call = step.layer.call
    operation = call.operation
    if call.knows_masks or not _is_product(operation):
        return 0
    if type(operation).__name__ == "Dense" or set(operation.weights[0].shape[:-2]) == {1}:
        return _MOST_IMAGES
    return _MOST_PATCHED if shared and _has_small_patches(operation) else 0


def _is_product(operation: Any) -> bool:
    """Whether it is a layer that multiplies each position, or its neighbourhood, with a matrix."""
    kind = type(operation).__name__
    if not type(operation).__module__.startswith("keras.") or kind not in ("Dense", *_CONVOLUTIONS):
        return False
    if operation.compute_dtype != "float32":
        return False
    if len(operation.weights) != 1 + (operation.bias is not None):
        return False
    if 4 * math.prod(operation.weights[0].shape) > _LARGEST_KERNEL:
        return False
    return kind == "Dense" or (
        set(operation.strides) == {1}
        and operation.groups == 1
        and operation.data_format == "channels_last"
    )


def _has_small_patches(operation: Any) -> bool:
    if type(operation).__name__ != "Conv2D" or set(operation.dilation_rate) != {1}:
        return False
    positions = operation.output.shape[1:-1]
    if None in positions:
        return False
    nbytes: int = 4 * math.prod(positions) * math.prod(operation.weights[0].shape[:-1])
    return nbytes <= _LARGEST_PATCHES


def run_stacked(step: Step, weights: Sequence[Tensor], tensors: Tensors, shared: bool) -> None:
    """Run such a step with stacked weights.

    Args:
        step: One of which :func:`most_stacked` is not 0.
        weights: Kernels of shape (S, …) and biases (S, channels), if the layer has one.
        tensors: Value number → tensor with n images, or S·n, those of the first weight set first;
            the step's output has S·n.
        shared: The input has n images, and every weight set is run on them.
    """
    layer = step.layer
    assert layer is not None
    if layer.before is not None:
        layer.before.run(tensors, {})
    operation = layer.call.operation
    (source,) = layer.call.inputs
    kernels = weights[0]
    x = tf.cast(tensors[source], kernels.dtype)  # as the layer itself would
    window = kernels.shape[1:-2]
    if math.prod(window) > 1:
        x = _patches(x, window[0], window[1], operation.padding)
    rows, columns = side(x, -1), side(kernels, -1)
    sets = side(kernels, 0)
    kernels = layer.scaled(tf.reshape(kernels, [sets, rows, columns]))
    offset = layer.offset(weights[1][:, None, :] if len(weights) > 1 else None)
    parts = 1 if shared else sets
    y = tf.matmul(tf.reshape(x, [parts, -1, rows]), kernels)
    if offset is not None:
        y += offset
    y = tf.reshape(y, [-1, *sides(x, 1, -1), columns])
    tensors[step.outputs[0]] = activated(operation, y)


def _patches(x: Any, height: int, width: int, padding: str) -> Any:
    """Every window of some images, in the order in which a kernel lies in memory.

    Args:
        x: Images, shape (n, h, w, c).
        height: Height of the window.
        width: Width of the window.
        padding: ``same`` or ``valid``.

    Returns:
        Shape (n, positions down, positions across, height · width · c).
    """
    if padding == "same":
        sides = [[(size - 1) // 2, size // 2] for size in (height, width)]
        x = tf.pad(x, [[0, 0], *sides, [0, 0]])
    down = [slice(i, i - height + 1 or None) for i in range(height)]
    across = [slice(j, j - width + 1 or None) for j in range(width)]
    # Shifted copies side by side: faster than TensorFlow's own extraction of patches.
    shifted = [x[:, rows, columns] for rows in down for columns in across]
    return tf.concat(shifted, axis=-1)
