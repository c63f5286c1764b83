"""Moments of a weight layer's inputs, which calibration needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mpsearch.memory.temporary_file import TemporaryFile
from mpsearch.values.arrays import Float32Array

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
        trust: How much of the products of different inputs is trusted, 0 to 1, shape (blocks,).
    """

    raw: Float32Array
    mean: Float32Array
    trust: Float32Array

    @property
    def second(self) -> Float32Array:
        """Second moments of x as far as they are trusted, shape (blocks, d, d)."""
        return self._believed(self.raw.copy())

    @property
    def centred(self) -> Float32Array:
        """Second moments of x − its mean, shape (blocks, d, d)."""
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


class KeptMoments(Mapping[int, InputMoments]):
    """Moments of layers by index; beyond some bytes they are in a temporary file.

    Args:
        memory: Bytes of moments held.
    """

    def __init__(self, memory: int) -> None:
        self._left = memory
        self._held: dict[int, InputMoments] = {}
        self._file: TemporaryFile | None = None
        self._begins: dict[int, tuple[int, InputMoments]] = {}  # without their raw moments

    def keep(self, layer: int, moments: InputMoments) -> None:
        """Keep those of one more layer.

        Raises:
            EnvironmentFault: If the disk for temporary files refuses.
        """
        if moments.raw.nbytes <= self._left:
            self._left -= moments.raw.nbytes
            self._held[layer] = moments
            return
        if self._file is None:
            self._file = TemporaryFile("moments of layers' inputs")
        begin = self._file.append(moments.raw)
        blank = np.empty((*moments.raw.shape[:-1], 0), np.float32)
        self._begins[layer] = begin, replace(moments, raw=blank)

    def __getitem__(self, layer: int) -> InputMoments:
        if layer in self._held:
            return self._held[layer]
        begin, rest = self._begins[layer]
        assert self._file is not None
        raw = np.empty((*rest.raw.shape[:-1], rest.raw.shape[-2]), np.float32)
        self._file.read(begin, raw)
        return replace(rest, raw=raw)

    def __contains__(self, layer: object) -> bool:
        return layer in self._held or layer in self._begins

    def __iter__(self) -> Iterator[int]:
        return iter([*self._held, *self._begins])

    def __len__(self) -> int:
        return len(self._held) + len(self._begins)


def output_error(second: Float32Array, change: Float32Array) -> Float32Array:
    """Mean square of Σ x·Δw per channel, shape (blocks, channels of a block).

    Args:
        second: Mean of x xᵀ, or its covariance where the mean change is made up for.
        change: Change of the weights, shape (blocks, d, channels of a block).
    """
    error: Float32Array = (change * np.matmul(second, change)).sum(axis=1)
    return error
