"""``dfixB``: fixed point of B bits, with as many fraction bits as suit the tensor."""

import math
from typing import Final

import numpy as np

from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.fitted import Fitted, sampled
from mpsearch.schemes.twos_complement import codes_of, integers_of
from mpsearch.values.arrays import Float32Array, Float64Array, Symbols
from mpsearch.values.errors import SchemeError

WIDTHS: Final = range(2, 9)

_BIAS: Final = 128  # of the fraction length in its byte
_SAMPLED: Final = 2**16  # weights that are enough to choose it
_TRIED: Final = 5  # fraction lengths, from the one under which the largest weight fits


class DynamicFixed(Fitted):
    """B bits per weight: fixed point, the number of fraction bits chosen per tensor.

    weight = q · 2^−F with q from −2^(B−1) to 2^(B−1) − 1 in two's complement, the nearest, ties
    to even. F is the one with the smallest squared error; it is stored in a byte, plus 128.

    Args:
        width: B, 2 to 8.

    Raises:
        SchemeError: If *width* is out of range.
    """

    def __init__(self, width: int) -> None:
        if width not in WIDTHS:
            raise SchemeError(f"dfix{width} is out of range: fixed point of 2 to 8 bits")
        self._width = width
        self._integers = integers_of(width)

    @property
    def name(self) -> str:
        """``dfixB``."""
        return f"dfix{self._width}"

    @property
    def width(self) -> int:
        """B."""
        return self._width

    @property
    def fit_width(self) -> int:
        """8 bits: F + 128."""
        return 8

    def _fit_count(self, shape: tuple[int, ...]) -> int:  # noqa: ARG002 - any shape
        return 1

    def candidates(self, weights: Float32Array) -> Symbols:
        """The fraction lengths that :meth:`encode` chooses among."""
        lengths = self._lengths(self._storable(weights))
        return np.array([[length + _BIAS] for length in lengths], dtype=np.uint8)

    def _lengths(self, weights: Float32Array) -> list[int]:
        """Fraction lengths worth trying."""
        top = float(max(weights.max(), -weights.min()))
        first = self._width - 1 - math.frexp(top)[1] if top else 0
        return [max(self._least, min(first + i, _BIAS - 1)) for i in range(_TRIED)]

    def _fit(self, weights: Float32Array) -> Symbols:
        sample = sampled(weights.reshape(-1), _SAMPLED)
        lengths = self._lengths(weights)
        # The largest weights decide: they count as much as they do in the whole, wherever they lie.
        extreme = np.array([weights.max(), weights.min()])
        counts = len(sample) / weights.size - np.isin(extreme, sample)
        errors = [
            float(self._errors(sample, n).sum() + counts @ self._errors(extreme, n))
            for n in lengths
        ]
        return np.array([lengths[int(np.argmin(errors))] + _BIAS], dtype=np.uint8)

    def _errors(self, weights: Float32Array, length: int) -> Float64Array:
        error = self._cut(weights, length)
        error -= weights
        squares: Float64Array = np.square(error, dtype=np.float64)
        return squares

    @property
    def _least(self) -> int:
        """From here on −2^(B−1) is finite; weights of more than 1.6e38 are cut."""
        return self._width - _BIAS

    def _require_meaning(self, symbols: Symbols, fit: Symbols) -> None:  # noqa: ARG002 - of any code
        if int(fit[0]) - _BIAS < self._least:
            raise SchemeError(f"{self.name} has {int(fit[0]) - _BIAS} fraction bits")

    def _cut(self, weights: Float32Array, length: int) -> Float32Array:
        cut: Float32Array = np.ldexp(self._rounded(weights, length), -length)
        return cut

    def _rounded(self, weights: Float32Array, length: int) -> Float32Array:
        half = 2 ** (self._width - 1)
        with np.errstate(over="ignore"):  # what overflows is clipped
            scaled: Float32Array = np.ldexp(weights, length)
        np.rint(scaled, out=scaled)
        np.clip(scaled, np.float32(-half), np.float32(half - 1), out=scaled)
        return scaled

    def _symbols(self, weights: Float32Array, fit: Symbols) -> Symbols:
        length = int(fit[0]) - _BIAS
        symbols = np.empty(weights.shape, dtype=np.uint8)
        flat, out = weights.reshape(-1), symbols.reshape(-1)

        def work(piece: slice) -> None:
            out[piece] = codes_of(self._rounded(flat[piece], length), self._width)

        each_block(flat.size, work)
        return symbols

    def _weights(self, symbols: Symbols, fit: Symbols) -> Float32Array:
        values: Float32Array = np.ldexp(self._integers, _BIAS - int(fit[0]))
        weights: Float32Array = values[symbols]
        return weights
