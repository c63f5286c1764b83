"""Moments of the inputs of every weight layer, from forward passes of the trained network."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from mpsearch.memory.moments import InputMoments
from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import INPUT, Cut
from mpsearch.model.weight_layers import LiveLayer
from mpsearch.values.arrays import Float32Array, Float64Array
from mpsearch.values.spread import spread

#: Weights per output up to which moments are taken: their square is held, and factored.
MOST_INPUTS: Final = 4608  # VGG's 3 × 3 × 512
_FEWEST_PATCHES: Final = 2**15  # of all images, enough for any layer of few weights per output
_PER_INPUT: Final = 4  # so many times the weights per output, if that is more

# Of sums that were kept: bounds within which nothing overflows.
_LARGEST: Final = 1e30
_ROUNDING: Final = 1e-2  # of products in single precision
_TINY: Final = 1e-30


@cache
def _plain() -> tuple[Any, ...]:
    return (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Dense)


@cache
def _depthwise() -> tuple[Any, ...]:
    return (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)


class MomentSums:
    """Sums over images of what some weight layers see, over all their uses in the network.

    Each layer has a count of its own, so that sums that were kept, whichever there are, can be gone
    on with.

    Args:
        cuts: The network's pieces in order.
        live: The model's weight layers.
        images: How many there will be; two or more.
        layers: Indices of the layers asked for; of those, the ones in :func:`moment_shapes` are
            seen.
    """

    def __init__(
        self, cuts: Sequence[Cut], live: Sequence[LiveLayer], images: int, layers: Collection[int]
    ) -> None:
        self._cuts, self._images = cuts, images
        self._indices = {id(entry.keras_layer): entry.layer.index for entry in live}
        self._uses = {i: uses for i, uses in _uses(cuts, live).items() if i in layers}
        by_index = {entry.layer.index: entry.keras_layer for entry in live}
        self._sums = {index: _Sums(by_index[index], images) for index in self._uses}
        self._done = dict.fromkeys(self._sums, 0)

    @property
    def done(self) -> int:
        """Images that all layers have seen."""
        return min(self._done.values(), default=self._images)

    def add(self, image: Any) -> None:
        """Run the image at :attr:`done` through the network, for those that have not seen it.

        Args:
            image: One image, as the network computes with it, shape (1, h, w, c).
        """
        at = self.done
        tensors = {INPUT: image}
        for piece in self._cuts:
            for call in piece.calls:
                index = self._indices.get(id(call.operation), -1)
                if self._done.get(index) == at and len(call.inputs) == 1:
                    self._sums[index].add(tensors[call.inputs[0]])
                call.run(tensors)
        for index, done in self._done.items():
            self._done[index] = max(done, at + 1)

    def moments(self) -> Iterator[tuple[int, InputMoments]]:
        """Layer index and moments; the sums are let go of on the way.

        Layers are missing of which the moments are not finite.
        """
        for index in list(self._sums):
            moments = self._sums.pop(index).moments()
            if np.isfinite(moments.raw).all():
                yield index, moments

    def state(self) -> dict[int, tuple[int, dict[str, Float64Array]]]:
        """Layer index → images it has seen, and name → array of all there is to keep of them."""
        return {index: (self._done[index], sums.arrays) for index, sums in self._sums.items()}

    def restore(self, layer: int, done: int, arrays: Mapping[str, Float64Array]) -> bool:
        """Go on from what was kept; False, and nothing changes, where no images can have given it.

        Args:
            layer: Index of the layer; one of those asked for.
            done: Number of images that the layer has seen.
            arrays: Sums from :meth:`state`; they are not trusted, and not copied.
        """
        sums = self._sums[layer]
        mine, count = sums.arrays, done * self._uses[layer]
        if not 0 < done <= self._images or set(arrays) != set(mine):
            return False
        if any(arrays[name].shape != array.shape for name, array in mine.items()):
            return False
        if not _are_possible(arrays, count):
            return False
        sums.restore(arrays, count)
        self._done[layer] = done
        return True


def moment_shapes(cuts: Sequence[Cut], live: Sequence[LiveLayer]) -> dict[int, tuple[int, int]]:
    """Layer index → blocks, and weights of an output, of the layers whose moments can be taken.

    Layers are missing whose inputs cannot be seen (inside wrappers), that have more than
    :data:`MOST_INPUTS` weights per output, or that multiply their weights otherwise than
    :class:`~mpsearch.memory.moments.InputMoments` describes.
    """
    by_index = {entry.layer.index: entry.keras_layer for entry in live}
    return {
        index: (_blocks(by_index[index]), _inputs(by_index[index])) for index in _uses(cuts, live)
    }


def moment_groups(shapes: Mapping[int, tuple[int, int]], memory: int) -> list[list[int]]:
    """Layers whose sums fit in some bytes together, each of one layer at least.

    Args:
        shapes: Shapes of the moments, from :func:`moment_shapes`.
        memory: Bytes.
    """
    groups: list[list[int]] = []
    room = 0
    for index, (blocks, inputs) in shapes.items():
        need = 8 * blocks * inputs**2
        if not groups or need > room:
            groups.append([])
            room = memory
        groups[-1].append(index)
        room -= need
    return groups


def _uses(cuts: Sequence[Cut], live: Sequence[LiveLayer]) -> dict[int, int]:
    """Layer index → how often the network calls it, of the layers that are seen."""
    seen = {
        id(entry.keras_layer): entry.layer.index for entry in live if _is_seen(entry.keras_layer)
    }
    counts: dict[int, int] = {}
    for call in (call for piece in cuts for call in piece.calls):
        index = seen.get(id(call.operation))
        if index is not None and len(call.inputs) == 1:
            counts[index] = counts.get(index, 0) + 1
    return dict(sorted(counts.items()))


def _are_possible(sums: Mapping[str, Float64Array], count: int) -> bool:
    """Whether inputs exist that have such sums, but for rounding: only then are they factored."""
    second, mean, squares = sums["second"], sums["mean"], sums["squares"]
    power = np.einsum("bii->bi", second)
    if not (power.min() >= 0 and power.max() <= _LARGEST and np.isfinite(squares).all()):
        return False
    root = np.sqrt(power) * (1 + _ROUNDING)
    if not (np.square(mean) <= count * np.square(root) + _TINY).all():
        return False
    return all(
        bool((np.abs(row) <= root[block, i] * root[block] + _TINY).all())
        for block, rows in enumerate(second)
        for i, row in enumerate(rows)
    )


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

    @property
    def arrays(self) -> dict[str, Float64Array]:
        """The sums."""
        return {"second": self._second, "mean": self._mean, "squares": self._squares}

    def restore(self, arrays: Mapping[str, Float64Array], images: int) -> None:
        """Take sums over so many images."""
        self._second, self._mean, self._squares = (
            arrays[name] for name in ("second", "mean", "squares")
        )
        self._images = images

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

        Few images say little of how thousands of inputs go together. How much is trusted is
        Ledoit and Wolf's rule ("A well-conditioned estimator for large-dimensional covariance
        matrices", 2004), with the diagonal as the target and an image as one observation.
        """
        n = self._images
        second, mean = self._second / n, self._mean / n
        common = _off_diagonal(second)
        spread = (self._squares - n * common) / (n * max(1, n - 1))
        share = np.divide(spread, common, out=np.zeros_like(common), where=common > 0)
        trust = 1 - np.clip(share, 0.0, 1.0)
        return InputMoments(*(array.astype(np.float32) for array in (second, mean, trust)))


def _off_diagonal(second: Float32Array | Float64Array) -> Float64Array:
    """Sum of the squares off the diagonal, per block."""
    whole: Float64Array = np.einsum("bij,bij->b", second, second, dtype=np.float64)
    diagonal: Float64Array = np.einsum("bii,bii->b", second, second, dtype=np.float64)
    return whole - diagonal


def _is_seen(layer: Any) -> bool:
    """Whether the layer's weights are multiplied as the moments take them to be."""
    if type(layer) not in {*_plain(), *_depthwise()}:  # subclasses may compute something else
        return False
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    return _inputs(layer) <= MOST_INPUTS


def _blocks(layer: Any) -> int:
    if isinstance(layer, _depthwise()):
        return int(layer.weights[0].shape[-2])
    return int(getattr(layer, "groups", 1))


def _inputs(layer: Any) -> int:
    """Weights of an output."""
    kernel = tuple(layer.weights[0].shape)
    return math.prod(kernel[: -2 if isinstance(layer, _depthwise()) else -1])


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
