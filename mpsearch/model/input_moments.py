"""Moments of the inputs of every weight layer, from forward passes of the trained network."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np

from mpsearch.core.arrays import Float32Array, Float64Array
from mpsearch.core.moments import InputMoments
from mpsearch.core.spread import spread
from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import INPUT, Cut
from mpsearch.model.weight_layers import LiveLayer

#: Weights per output up to which moments are taken: their square is held, and factored.
MOST_INPUTS: Final = 4608  # VGG's 3 × 3 × 512
_FEWEST_PATCHES: Final = 2**15  # of all images, enough for any layer of few weights per output
_PER_INPUT: Final = 4  # so many times the weights per output, if that is more

_PLAIN: Final = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Dense)
_DEPTHWISE: Final = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)


def input_moments(
    cuts: Sequence[Cut],
    live: Sequence[LiveLayer],
    images: Iterable[Any],
    count: int,
    layers: Collection[int],
    on_image: Callable[[], None] = lambda: None,
) -> dict[int, InputMoments]:
    """Moments per weight layer, over all its uses in the network.

    Args:
        cuts: The network's pieces in order.
        live: Its weight layers.
        images: Each of one image, as the network computes with it, shape (1, h, w, c).
        count: How many there are; two or more.
        layers: Indices of the layers asked for.
        on_image: Called after each.

    Returns:
        Layer index → moments. Layers are missing whose inputs cannot be seen (inside wrappers) or
        are so large that their squares are not finite, that have more than :data:`MOST_INPUTS`
        weights per output, or that multiply their weights otherwise than
        :class:`~mpsearch.core.moments.InputMoments` describes.
    """
    indices = {
        id(one.keras_layer): one.layer.index
        for one in live
        if one.layer.index in layers and _is_seen(one.keras_layer)
    }
    sums: dict[int, _Sums] = {}
    for image in images:
        known = {INPUT: image}
        for piece in cuts:
            for call in piece.calls:
                index = indices.get(id(call.operation))
                if index is not None and len(call.inputs) == 1:
                    if index not in sums:
                        sums[index] = _Sums(call.operation, count)
                    sums[index].add(known[call.inputs[0]])
                call.run(known)
        on_image()
    found = {index: sums.pop(index).moments() for index in list(sums)}
    return {index: one for index, one in found.items() if np.isfinite(one.raw).all()}


def moment_groups(live: Sequence[LiveLayer], memory: int) -> list[list[int]]:
    """Layers whose sums fit in some bytes together, each of one layer at least.

    Args:
        live: The weight layers.
        memory: Bytes.
    """
    groups: list[list[int]] = []
    room = 0
    for one in live:
        if not _is_seen(one.keras_layer):
            continue
        need = 8 * _blocks(one.keras_layer) * _inputs(one.keras_layer) ** 2
        if not groups or need > room:
            groups.append([])
            room = memory
        groups[-1].append(one.layer.index)
        room -= need
    return groups


class _Sums:
    """What is added up over the images for one layer."""

    def __init__(self, layer: Any, images: int) -> None:
        self._layer = layer
        self._blocks = _blocks(layer)
        inputs = _inputs(layer)
        wanted = max(_FEWEST_PATCHES, _PER_INPUT * inputs)
        self._most = -(-wanted // images)  # patches of an image
        self._second: Float64Array = np.zeros((self._blocks, inputs, inputs))
        self._mean: Float64Array = np.zeros((self._blocks, inputs))
        self._squares: Float64Array = np.zeros(self._blocks)  # off the diagonal, of each image
        self._images = 0

    def add(self, value: Any) -> None:
        """The layer's input for one image."""
        patches = tf.cast(_patches(self._layer, value, self._blocks), tf.float32)
        count = int(patches.shape[0])
        if count > self._most:
            patches = tf.gather(patches, spread(count, self._most))
            count = self._most
        patches = tf.transpose(patches, [1, 0, 2])
        second = tf.matmul(patches, patches, transpose_a=True).numpy() / np.float32(count)
        self._second += second
        self._mean += tf.reduce_mean(patches, axis=1).numpy()
        self._squares += _off_diagonal(second)
        self._images += 1

    def moments(self) -> InputMoments:
        """Means over the images.

        Few images say little of how thousands of inputs go together. How much is believed is
        Ledoit and Wolf's rule ("A well-conditioned estimator for large-dimensional covariance
        matrices", 2004), with the diagonal as the target and an image as one observation.
        """
        n = self._images
        second, mean = self._second / n, self._mean / n
        common = _off_diagonal(second)
        spread = (self._squares - n * common) / (n * max(1, n - 1))
        share = np.divide(spread, common, out=np.zeros_like(common), where=common > 0)
        trust = 1 - np.clip(share, 0.0, 1.0)
        return InputMoments(*(one.astype(np.float32) for one in (second, mean, trust)))


def _off_diagonal(second: Float32Array | Float64Array) -> Float64Array:
    """Sum of the squares off the diagonal, per block."""
    whole: Float64Array = np.einsum("bij,bij->b", second, second, dtype=np.float64)
    diagonal: Float64Array = np.einsum("bii,bii->b", second, second, dtype=np.float64)
    return whole - diagonal


def _is_seen(layer: Any) -> bool:
    """Whether the layer's weights are multiplied as the moments take them to be."""
    if type(layer) not in {*_PLAIN, *_DEPTHWISE}:  # subclasses may compute something else
        return False
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    return _inputs(layer) <= MOST_INPUTS


def _blocks(layer: Any) -> int:
    if isinstance(layer, _DEPTHWISE):
        return int(layer.weights[0].shape[-2])
    return int(getattr(layer, "groups", 1))


def _inputs(layer: Any) -> int:
    """Weights of an output."""
    kernel = tuple(layer.weights[0].shape)
    return math.prod(kernel[: -2 if isinstance(layer, _DEPTHWISE) else -1])


def _patches(layer: Any, value: Any, blocks: int) -> Any:
    """What the kernel is multiplied with, shape (places, blocks, d)."""
    if isinstance(layer, keras.layers.Dense):
        return tf.reshape(value, [-1, 1, value.shape[-1]])
    size, strides, rates = layer.kernel_size, layer.strides, layer.dilation_rate
    padding = layer.padding
    if padding == "causal":
        value = tf.pad(value, [[0, 0], [rates[0] * (size[0] - 1), 0], [0, 0]])
        padding = "valid"
    if len(size) == 1:
        value = value[:, None]
        size, strides, rates = (1, *size), (1, *strides), (1, *rates)
    patches = tf.image.extract_patches(
        value, [1, *size, 1], [1, *strides, 1], [1, *rates, 1], padding.upper()
    )
    # The innermost are the channels, those of a block side by side.
    taps, channels = math.prod(size), int(value.shape[-1])
    patches = tf.reshape(patches, [-1, taps, blocks, channels // blocks])
    patches = tf.transpose(patches, [0, 2, 1, 3])
    return tf.reshape(patches, [-1, blocks, taps * (channels // blocks)])
