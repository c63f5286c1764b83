"""``prunP_X``: the smallest P % of a tensor become 0, the others are stored as X stores them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from mpsearch.schemes.base import Scheme, float32_bits
from mpsearch.schemes.bitmap import bitmap_of, in_place
from mpsearch.schemes.stream import Stream, StreamForm
from mpsearch.values.arrays import BoolArray, Codes, Float32Array
from mpsearch.values.errors import SchemeError

SHARES: Final = range(1, 100)


@dataclass(frozen=True, slots=True, eq=False)
class PrunedCodes:
    """What is stored of a tensor.

    Attributes:
        survives: Whether each weight is not pruned, in the tensor's shape.
        codes: Codes of the inner scheme for the tensor with zeros where weights are pruned.
    """

    survives: BoolArray
    codes: Codes


class PruneShare(Scheme):
    """The smallest P % of the weights become 0; a bitmap, and X's codes of the survivors.

    Tensors without rows and columns (biases) are not pruned, and stored as X stores them.

    Args:
        percent: P, 1 to 99.
        inner: X, a scheme with one code per weight.

    Raises:
        SchemeError: If *percent* is out of range, or X has no code per weight.
    """

    def __init__(self, percent: int, inner: Scheme) -> None:
        if percent not in SHARES:
            raise SchemeError(f"prun{percent}_{inner.name} is out of range: prune 1 to 99 %")
        if inner.weight_bits is None:
            raise SchemeError(
                f"prun{percent}_{inner.name}: {inner.name} has no code of its own for every "
                "weight; prune with another scheme, as in prun50_int4c"
            )
        self._percent, self._inner = percent, inner
        self._axes: tuple[int, ...] = (-1,)

    @property
    def name(self) -> str:
        """``prunP_X``."""
        return f"prun{self._percent}_{self._inner.name}"

    @property
    def weight_bits(self) -> int | None:
        """X's."""
        return self._inner.weight_bits

    def along(self, axes: tuple[int, ...]) -> Self:
        """X along these axes."""
        other = type(self)(self._percent, self._inner.along(axes))
        other._axes = axes
        return other

    def encode(self, weights: Float32Array) -> Codes:
        """Prune, and encode as X does.

        Raises:
            SchemeError: If a weight is not finite, or X cannot store it.
        """
        native = float32_bits(weights, self.name).view(np.float32)
        if self._is_vector(native.shape):
            return self._inner.encode(native)
        survives = _largest(native, self._survivors(native.size))
        kept = np.where(survives, native, np.float32(0))
        return PrunedCodes(survives, self._inner.encode(kept))

    def decode(self, codes: Codes) -> Float32Array:
        """X's weights; zeros between them."""
        if not isinstance(codes, PrunedCodes):
            return self._inner.decode(codes)
        weights = self._inner.decode(codes.codes)
        weights[~codes.survives] = 0
        return weights

    def nbytes(self, codes: Codes) -> int:
        """⌈n / 8⌉ and what X takes for the survivors."""
        return sum(stream.nbytes for stream in self.streams(codes))

    def streams(self, codes: Codes) -> tuple[Stream, ...]:
        """One bit per weight, then X's streams, with the survivors' codes only."""
        if not isinstance(codes, PrunedCodes):
            return self._inner.streams(codes)
        flat = codes.survives.reshape(-1)
        *fit, each = self._inner.streams(codes.codes)
        survivors = Stream(each.symbols[flat], each.width)
        return bitmap_of(flat), *fit, survivors

    def has_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> bool:
        """A bit per weight, and X's with as many codes as there are survivors."""
        if self._is_vector(shape):
            return self._inner.has_forms(forms, shape)
        size = math.prod(shape)
        if len(forms) < 2 or forms[0] != StreamForm(1, size):
            return False
        *fit, each = forms[1:]
        return each.count == self._survivors(size) and self._inner.has_forms(
            [*fit, StreamForm(each.width, size)], shape
        )

    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> Codes:
        """The survivors in their places."""
        self.require_forms([stream.form for stream in streams], shape)
        if self._is_vector(shape):
            return self._inner.codes(streams, shape)
        bitmap, *fit, each = streams
        survives, symbols = in_place(bitmap, each, self.name)
        codes = self._inner.codes([*fit, Stream(symbols, each.width)], shape)
        return PrunedCodes(survives.reshape(shape), codes)

    def _is_vector(self, shape: tuple[int, ...]) -> bool:
        return len(shape) < 2 or not self._axes

    def _survivors(self, size: int) -> int:
        return size - size * self._percent // 100


def _largest(weights: Float32Array, count: int) -> BoolArray:
    """Where the *count* largest magnitudes are; the last of equal ones."""
    magnitude = np.abs(weights).reshape(-1)
    gone = len(magnitude) - count
    if not gone:
        return np.ones(weights.shape, dtype=np.bool)
    least = np.partition(magnitude, gone - 1)[gone - 1]
    survives: BoolArray = magnitude >= least
    equal = np.flatnonzero(magnitude == least)
    survives[equal[: gone - int(np.count_nonzero(magnitude < least))]] = False
    return survives.reshape(weights.shape)
