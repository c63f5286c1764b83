"""Schemes that fit a few numbers to a tensor, by which short codes of its weights are read."""

import copy
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np

from mpsearch.schemes.base import Scheme, native_float32, not_finite, too_large
from mpsearch.schemes.bits import packed_nbytes
from mpsearch.schemes.extremes import extremes
from mpsearch.schemes.fl16 import ENDS, OVERFLOW, Fl16
from mpsearch.schemes.stream import Stream, StreamForm
from mpsearch.values.arrays import Float32Array, Symbols
from mpsearch.values.spread import spread

_HALF: Final = 16  # bits


@dataclass(frozen=True, slots=True, eq=False)
class FittedCodes:
    """What is stored of a tensor.

    Attributes:
        symbols: One symbol per weight, in the tensor's shape.
        fit: The fitted numbers, flat; empty where the symbols are halves.
    """

    symbols: Symbols
    fit: Symbols


class Fitted(Scheme[FittedCodes]):
    """Fitted numbers, and a code of :attr:`width` bits per weight.

    Tensors without rows and columns (biases) are few and sensitive: they are stored as halves.
    """

    #: Whether every output channel has one fitted number of its own, in the channels' order.
    by_channel: ClassVar[bool] = False

    _axes: tuple[int, ...] = (-1,)

    def along(self, axes: tuple[int, ...]) -> Self:
        """The scheme for tensors with channels along *axes*; a bias, of any shape, has no axes."""
        other = copy.copy(self)
        other._axes = axes
        return other

    @property
    @abstractmethod
    def width(self) -> int:
        """Bits per weight, 1 to 8."""

    @property
    @abstractmethod
    def fit_width(self) -> int:
        """Bits of a fitted number."""

    @property
    def weight_bits(self) -> int:
        """:attr:`width`."""
        return self.width

    def encode(self, weights: Float32Array) -> FittedCodes:
        """Fit, and find every weight's nearest code.

        Raises:
            SchemeError: If a weight is not finite, or too large for halves.
        """
        native = self._storable(weights)
        if self._is_vector(native.shape):
            halves = Fl16().encode(native).view(np.uint16)
            return FittedCodes(halves, np.empty(0, dtype=np.uint16))
        return self.coded(native, self._fit(native))

    def require_storable(self, weights: Float32Array) -> None:
        """Check what :meth:`encode` checks, without fitting.

        Raises:
            SchemeError: As :meth:`encode`.
        """
        self._storable(weights)

    def candidates(self, weights: Float32Array) -> Symbols:
        """Fits of a kernel worth trying by another measure than the error of its weights.

        Returns:
            Shape (candidates, fitted numbers).

        Raises:
            SchemeError: As :meth:`encode`.
        """
        return self._fit(self._storable(weights))[None]

    def rounding(self, fits: Symbols) -> Callable[[Float32Array], Float32Array]:
        """Rounds weights to what can be stored under given fits.

        Args:
            fits: Candidates, shape (fits, fitted numbers).

        Returns:
            A function of weights of shape (fits, channels), one of each channel in the channels'
            order, that may change them.
        """

        def rounded(weights: Float32Array) -> Float32Array:
            pairs = zip(weights, fits, strict=True)
            return np.stack([self._weights(self._symbols(few, fit), fit) for few, fit in pairs])

        return rounded

    def coded(self, weights: Float32Array, fit: Symbols) -> FittedCodes:
        """The codes nearest to a kernel's *weights* under one fit."""
        return FittedCodes(self._symbols(weights, fit), fit)

    def decode(self, codes: FittedCodes) -> Float32Array:
        """The weights that the codes stand for."""
        if not len(codes.fit):
            return Fl16().decode(codes.symbols.view(np.float16))
        return self._weights(codes.symbols, codes.fit)

    def nbytes(self, codes: FittedCodes) -> int:
        """2 n for a vector; else the fitted numbers and ⌈n · width / 8⌉."""
        return sum(stream.nbytes for stream in self.streams(codes))

    def streams(self, codes: FittedCodes) -> tuple[Stream, ...]:
        """The fitted numbers, then a code per weight; or halves."""
        flat = codes.symbols.reshape(-1)
        if not len(codes.fit):
            return (Stream(flat, _HALF),)
        return Stream(codes.fit, self.fit_width), Stream(flat, self.width)

    def stored_nbytes(self, weights: Float32Array) -> int:
        """Bytes as :meth:`nbytes` counts them, without fitting where the shape is enough."""
        native = self._storable(weights)
        if self._is_vector(native.shape):
            return packed_nbytes(native.size, _HALF)
        fitted = self._fit_count(native.shape)
        if fitted is None:
            return super().stored_nbytes(native)
        return packed_nbytes(fitted, self.fit_width) + packed_nbytes(native.size, self.width)

    def has_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> bool:
        """Whether codes have the forms that :meth:`streams` makes."""
        size = math.prod(shape)
        if self._is_vector(shape):
            return list(forms) == [StreamForm(_HALF, size)]
        return (
            len(forms) == 2
            and forms[0].width == self.fit_width
            and self._may_fit(forms[0].count, shape)
            and forms[1] == StreamForm(self.width, size)
        )

    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> FittedCodes:
        """What was stored."""
        self.require_forms([stream.form for stream in streams], shape)
        symbols = streams[-1].symbols.reshape(shape)
        if self._is_vector(shape):
            return FittedCodes(symbols, np.empty(0, dtype=np.uint16))
        fit = streams[0].symbols
        self._require_meaning(symbols, fit)
        return FittedCodes(symbols, fit)

    def _storable(self, weights: Float32Array) -> Float32Array:
        """*weights* in native form, once they are known to be storable."""
        native = native_float32(weights, self.name)
        limit = OVERFLOW if self._is_vector(native.shape) else self._limit
        span = extremes(native)
        if not span.within(math.inf):
            raise not_finite(native, self.name)
        if not span.within(limit):
            raise too_large(native, self.name, limit, ENDS)
        return native

    @property
    def _limit(self) -> float:
        """Magnitude from which weights of a kernel cannot be stored."""
        return math.inf

    @abstractmethod
    def _fit(self, weights: Float32Array) -> Symbols:
        """The fitted numbers as they are stored, flat."""

    @abstractmethod
    def _fit_count(self, shape: tuple[int, ...]) -> int | None:
        """How many numbers are fitted to a kernel of *shape*; None where its weights decide."""

    def _may_fit(self, count: int, shape: tuple[int, ...]) -> bool:
        """Whether so many numbers are fitted to some kernel of *shape*."""
        return count == self._fit_count(shape)

    @abstractmethod
    def _symbols(self, weights: Float32Array, fit: Symbols) -> Symbols:
        """The code of every weight, uint8, in the tensor's shape."""

    @abstractmethod
    def _weights(self, symbols: Symbols, fit: Symbols) -> Float32Array:
        """What codes stand for."""

    def _is_vector(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of *shape* is stored as halves."""
        return len(shape) < 2 or 0 in shape or not self._axes

    def _require_meaning(self, symbols: Symbols, fit: Symbols) -> None:
        """Check codes from a file that can be without meaning.

        Raises:
            SchemeError: If one is.
        """


def sampled(rows: Float32Array, most: int) -> Float32Array:
    """Up to *most* of an array's rows, evenly from all parts of it; all where they are not many."""
    count = len(rows)
    return rows if count <= 2 * most else rows[spread(count, most)]
