"""Schemes with a scale for every output channel."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from mpsearch.schemes.fitted import Fitted
from mpsearch.values.arrays import Float32Array, Float64Array, Symbols, UInt8Array
from mpsearch.values.errors import SchemeError
from mpsearch.values.spread import spread

_SAMPLED: Final = 4096  # weights of a channel that are enough to choose its scale
_PARTS: Final = 64  # parts of a channel whose largest weights are known beside the sample
_FEW: Final = 4  # scales worth trying where each takes long
_BLOCK: Final = 2**18  # weights worked on at once
_INFINITE: Final = 0x7C00  # bits of an infinite half; of NaN and negative ones are larger
_BETTER: Final = 1 - 1e-6  # so much smaller an error must be, or the larger scale stays
LARGEST_HALF: Final = 65504.0


class PerChannel(Fitted):
    """weight = level · scale: the scale a half per output channel, the level one of 2^width.

    Levels are fixed numbers of magnitude below 2, so that a scale is about as large as its
    channel's largest weight. It is the one of a few candidates (the largest weight fits, or is cut
    to leave more levels for the others) with the smallest squared error.

    Args:
        name: Name of the scheme.
        levels: Level of every code, shape (2^width,); NaN or infinite for codes without one.

    Attributes:
        levels: As given.
        largest: The largest of them.
    """

    by_channel: ClassVar[bool] = True
    #: Candidates for a scale, as shares of that under which the largest weight fits.
    shares: ClassVar[tuple[float, ...]]

    def __init__(self, name: str, levels: Float32Array) -> None:
        self._name = name
        self.levels = levels
        self.largest = float(levels[np.isfinite(levels)].max())

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def width(self) -> int:
        """Bits that number the levels."""
        return (len(self.levels) - 1).bit_length()

    @property
    def fit_width(self) -> int:
        """16 bits: a scale is a half."""
        return 16

    def candidates(self, weights: Float32Array) -> Symbols:
        """The largest scales that :meth:`encode` chooses among, shape (scales, channels)."""
        native = self._storable(weights)
        top = np.abs(self._columns(native)).max(axis=0)
        scales = np.stack([self._scale(top, share) for share in self.shares[:_FEW]])
        return scales.astype(np.float16).view(np.uint16)

    def rounding(self, fits: Symbols) -> Callable[[Float32Array], Float32Array]:
        """Round as :meth:`Fitted.rounding` does, all fits at once."""
        scale = fits.view(np.float16).astype(np.float32)

        def rounded(weights: Float32Array) -> Float32Array:
            levels = self._rounded(_divided(weights, scale))
            levels *= scale
            return levels

        return rounded

    @abstractmethod
    def _nearest(self, ratios: Float32Array) -> UInt8Array:
        """The code of the level nearest to each of *ratios*, which may be changed."""

    @abstractmethod
    def _rounded(self, ratios: Float32Array) -> Float32Array:
        """The level nearest to each of *ratios*, which may be changed; in less time than codes."""

    @property
    def _limit(self) -> float:
        return LARGEST_HALF * self.largest

    def _fit_count(self, shape: tuple[int, ...]) -> int:
        return self._channels(shape)

    def _may_fit(self, count: int, shape: tuple[int, ...]) -> bool:
        return len(shape) >= -self._axes[0] and super()._may_fit(count, shape)

    def _fit(self, weights: Float32Array) -> Symbols:
        rows = self._columns(weights)
        sample, largest = _split(rows)
        counts = len(sample) / len(rows)
        top = np.abs(rows if counts == 1 else largest).max(axis=0)
        best = self._scale(top, 1.0)
        least: Float64Array = np.full(top.shape, np.inf)
        for share in self.shares:
            scale = self._scale(top, share)
            squares: Float64Array = self._squares(sample, scale).sum(axis=0, dtype=np.float64)
            squares += counts * self._squares(largest, scale).sum(axis=0, dtype=np.float64)
            better = squares < least * _BETTER
            best[better], least[better] = scale[better], squares[better]
        return best.astype(np.float16).view(np.uint16)

    def _columns(self, weights: Float32Array) -> Float32Array:
        """Shape (weights of a channel, channels)."""
        moved = np.moveaxis(weights, self._axes, range(-len(self._axes), 0))
        return moved.reshape(-1, self._channels(weights.shape))

    def _squares(self, weights: Float32Array, scale: Float32Array) -> Float32Array:
        error = self._rounded(_divided(weights, scale))
        error *= scale
        error -= weights
        return np.square(error, out=error)

    def _scale(self, top: Float32Array, share: float) -> Float32Array:
        """What a half can be, as float32."""
        wanted = top * np.float32(share / self.largest)
        return wanted.astype(np.float16).astype(np.float32)

    def _symbols(self, weights: Float32Array, fit: Symbols) -> Symbols:
        rows, scale = self._rows(weights), self._as_scale(fit, weights.shape)
        symbols = np.empty(rows.shape, dtype=np.uint8)
        for piece in _pieces(rows):
            some = scale[piece[1]]
            codes = self._nearest(_divided(rows[piece], some))
            # A channel of scale 0 holds nothing: all its codes are those of zero.
            codes *= some > 0
            symbols[piece] = codes
        return symbols.reshape(weights.shape)

    def _weights(self, symbols: Symbols, fit: Symbols) -> Float32Array:
        rows, scale = self._rows(symbols), self._as_scale(fit, symbols.shape)
        weights = np.empty(rows.shape, dtype=np.float32)
        for piece in _pieces(rows):
            weights[piece] = self.levels[rows[piece]]
            weights[piece] *= scale[piece[1]]
        return weights.reshape(symbols.shape)

    def _require_meaning(self, symbols: Symbols, fit: Symbols) -> None:
        if fit.size and int(fit.max()) >= _INFINITE:
            raise SchemeError(f"{self.name} has a scale that is negative, NaN or infinite")
        meaningless = ~np.isfinite(self.levels)
        if meaningless.any() and meaningless[symbols].any():
            raise SchemeError(f"{self.name} has a code that stands for no number")

    def _channels(self, shape: tuple[int, ...]) -> int:
        return math.prod(shape[axis] for axis in self._axes)

    def _tail(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape from the first channel axis on."""
        return shape[self._axes[0] :]

    def _rows(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """*array* with all axes before the channels' as one."""
        return array.reshape(-1, *self._tail(array.shape))

    def _as_scale(self, fit: Symbols, shape: tuple[int, ...]) -> Float32Array:
        """The scales in a shape that meets :meth:`_rows`."""
        tail = self._tail(shape)
        kept = tuple(n if i - len(tail) in self._axes else 1 for i, n in enumerate(tail))
        return fit.view(np.float16).astype(np.float32).reshape(kept)


def _split(rows: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Rows that stand for all, and the magnitudes of the largest weights, which count once each.

    What is cut is cut from the few largest weights of a channel: by chance a sample has too many
    of them, or too few. So the largest of each part of a channel is known, and 0 in the sample.
    """
    if len(rows) <= 2 * _SAMPLED:
        return rows, rows[:0]
    places = np.sort(spread(len(rows), _SAMPLED))
    samples, largest = [], []
    for i in range(_PARTS):
        start, stop = len(rows) * i // _PARTS, len(rows) * (i + 1) // _PARTS
        top = np.abs(rows[start:stop]).max(axis=0)
        first, last = np.searchsorted(places, (start, stop))
        few = rows[places[first:last]]
        few[np.abs(few) == top] = 0
        samples.append(few)
        largest.append(top)
    return np.concatenate(samples), np.stack(largest)


def _divided(rows: Float32Array, scale: Float32Array) -> Float32Array:
    divisor = scale.copy()
    divisor[divisor == 0] = 1  # what is divided by it gets the code of zero
    return rows / divisor


def _pieces(rows: npt.NDArray[Any]) -> list[tuple[slice, slice]]:
    """Pieces of the first two axes, of about a block; the second is the first of the channels'."""
    row = math.prod(rows.shape[2:])
    wide = min(rows.shape[1], max(1, _BLOCK // row))
    high = max(1, _BLOCK // (row * wide))
    return [
        (slice(i, i + high), slice(j, j + wide))
        for i in range(0, rows.shape[0], high)
        for j in range(0, rows.shape[1], wide)
    ]
