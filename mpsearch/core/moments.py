"""What the inputs of a weight layer are like: the moments that calibration needs."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.core.arrays import Float32Array

_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class InputMoments:
    """First and second moments of what a kernel's weights are multiplied with.

    An output of a layer is Σ x·w over the d weights of its channel, x being a patch of the layer's
    input. Channels that see the same patches form a *block*: all of a dense layer or a plain
    convolution, those of a group of a grouped one, those of an input channel of a depthwise one.

    Attributes:
        raw: Mean of x xᵀ, shape (blocks, d, d).
        mean: Mean of x, shape (blocks, d).
        trust: How much of the products of different inputs is believed, 0 to 1, shape (blocks,).
    """

    raw: Float32Array
    mean: Float32Array
    trust: Float32Array

    @property
    def second(self) -> Float32Array:
        """Second moments of x as far as they are believed, shape (blocks, d, d)."""
        return self._believed(self.raw.copy())

    @property
    def centred(self) -> Float32Array:
        """The same of x − its mean."""
        covariance = self.raw - self.mean[:, :, None] * self.mean[:, None, :]
        # A difference of nearly equal numbers may be a little below what is possible.
        least = _ROUNDING * np.einsum("bii->b", self.raw) / self.raw.shape[1]
        np.einsum("bii->bi", covariance)[...] += least[:, None]
        return self._believed(covariance)

    def _believed(self, second: Float32Array) -> Float32Array:
        diagonal = np.einsum("bii->bi", second).copy()
        second *= self.trust[:, None, None]
        np.einsum("bii->bi", second)[...] = diagonal
        return second

    def columns(self, kernel: Float32Array) -> Float32Array:
        """A kernel, or anything of its shape, as (blocks, d, channels of a block)."""
        blocks, inputs = self.mean.shape
        return np.ascontiguousarray(kernel.reshape(inputs, blocks, -1).transpose(1, 0, 2))

    def kernel(self, columns: Float32Array, shape: tuple[int, ...]) -> Float32Array:
        """What :meth:`columns` was made from, of *shape*."""
        return np.ascontiguousarray(columns.transpose(1, 0, 2)).reshape(shape)


def output_error(second: Float32Array, change: Float32Array) -> Float32Array:
    """Mean square of Σ x·Δw per channel, shape (blocks, channels of a block).

    Args:
        second: Mean of x xᵀ, or its covariance where the mean change is made up for.
        change: Of the weights, shape (blocks, d, channels of a block).
    """
    error: Float32Array = (change * np.matmul(second, change)).sum(axis=1)
    return error
