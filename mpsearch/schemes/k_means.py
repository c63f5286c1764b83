"""``kmB``: a codebook of 2^B weights per tensor, found by k-means."""

from typing import Final

import numpy as np

from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.fitted import Fitted, sampled
from mpsearch.schemes.fl16 import OVERFLOW
from mpsearch.values.arrays import Float32Array, Float64Array, Symbols
from mpsearch.values.errors import SchemeError

WIDTHS: Final = range(2, 7)

_BINS: Final = 4096
_BLOCK: Final = 2**20  # weights put into bins at once
_ROUNDS: Final = 50
_CAPPED: Final = 20


class KMeans(Fitted):
    """B bits per weight: its place in a codebook of at most 2^B halves, one per tensor.

    The codebook is ascending, and found by k-means on a histogram of 4,096 bins.

    Args:
        width: B, 2 to 6.

    Raises:
        SchemeError: If *width* is out of range.
    """

    def __init__(self, width: int) -> None:
        if width not in WIDTHS:
            raise SchemeError(f"km{width} is out of range: codebooks of 2 to 6 bits")
        self._width = width

    @property
    def name(self) -> str:
        """``kmB``."""
        return f"km{self._width}"

    @property
    def width(self) -> int:
        """B."""
        return self._width

    @property
    def fit_width(self) -> int:
        """16 bits: the codebook's weights are halves."""
        return 16

    @property
    def _limit(self) -> float:
        return OVERFLOW

    def _fit_count(self, shape: tuple[int, ...]) -> None:
        """Number of different halves, at most 2^B."""

    def _may_fit(self, count: int, shape: tuple[int, ...]) -> bool:  # noqa: ARG002 - any shape
        return 1 <= count <= 1 << self._width

    def _fit(self, weights: Float32Array) -> Symbols:
        few = sampled(weights.reshape(-1), _BINS)
        if len(_distinct(few)) > 2**self._width:
            return _distinct(_clustered(weights, 2**self._width)).view(np.uint16)
        centres = _distinct(weights)
        if len(centres) > 2**self._width:
            centres = _distinct(_clustered(weights, 2**self._width))
        return centres.view(np.uint16)

    def _symbols(self, weights: Float32Array, fit: Symbols) -> Symbols:
        centres = fit.view(np.float16).astype(np.float32)
        borders = (centres[1:] + centres[:-1]) / np.float32(2)
        symbols = np.empty(weights.shape, dtype=np.uint8)
        flat, out = weights.reshape(-1), symbols.reshape(-1)

        def work(piece: slice) -> None:
            out[piece] = np.searchsorted(borders, flat[piece])

        each_block(flat.size, work)
        return symbols

    def _weights(self, symbols: Symbols, fit: Symbols) -> Float32Array:
        weights: Float32Array = fit.view(np.float16).astype(np.float32)[symbols]
        return weights

    def _require_meaning(self, symbols: Symbols, fit: Symbols) -> None:
        if int(symbols.max()) >= len(fit):
            raise SchemeError(f"{self.name} has code {symbols.max()} of {len(fit)}")


def _distinct(values: Float32Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """The halves nearest to *values*, ascending, each once; −0 is 0."""
    # As float32: numpy 2.4 puts long arrays of halves into a wrong order on some processors.
    return np.unique(values.astype(np.float16).astype(np.float32) + 0).astype(np.float16)


def _clustered(weights: Float32Array, count: int) -> Float32Array:
    """Centres of *count* clusters."""
    from sklearn.cluster import KMeans as Clusters  # noqa: PLC0415 - takes a second to import

    points, often, widths = _histogram(weights)
    if len(points) <= count:
        return points.astype(np.float32)
    # Where centres lie best, their density goes with the cube root of the weights' (P. F. Panter
    # and W. Dite, "Quantization distortion in pulse-count modulation", 1951).
    density = np.cbrt(often * widths**2)
    for _ in range(_CAPPED):  # a bin, however wide, needs one centre
        density = np.minimum(density, density.sum() / count)
    wanted = (np.arange(count) + 0.5) / count * density.sum()
    start = np.unique(np.searchsorted(np.cumsum(density), wanted))
    clusters = Clusters(len(start), init=points[start][:, None], n_init=1, max_iter=_ROUNDS)
    clusters.fit(points[:, None], sample_weight=often)
    centres: Float32Array = clusters.cluster_centers_[:, 0].astype(np.float32)
    return centres


def _histogram(weights: Float32Array) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Mean and number of the weights of each bin that holds some, and its width.

    Bins are even around 0 and grow with the weights from their median on, so that one far out
    does not take them from the others.
    """
    flat = weights.reshape(-1)
    few = np.abs(sampled(flat, _BINS))
    unit = float(np.median(few[few > 0])) if few.any() else 1.0
    # As float64: a float32 over a subnormal unit overflows.
    low, high = (float(np.arcsinh(float(end) / unit)) for end in (flat.min(), flat.max()))
    counts, sums = np.zeros(_BINS), np.zeros(_BINS)
    for start in range(0, len(flat), _BLOCK):
        some = flat[start : start + _BLOCK].astype(np.float64)
        places = (np.arcsinh(some / unit) - low) * (_BINS / max(high - low, 1e-30))
        bins = np.clip(places.astype(np.int64), 0, _BINS - 1)
        counts += np.bincount(bins, minlength=_BINS)
        sums += np.bincount(bins, weights=some, minlength=_BINS)
    there = counts > 0
    widths = np.diff(np.sinh(np.linspace(low, high, _BINS + 1)) * unit)
    return sums[there] / counts[there], counts[there], widths[there]
