"""``fl16``: IEEE 754 half precision."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array, UInt8Array, aligned_empty
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import native_float32, not_finite
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise

#: Magnitudes from here on round to infinity: half way between 65504, the largest half, and 65536.
OVERFLOW: Final = 65520.0
_MAGNITUDE: Final = np.uint16(0x7FFF)
_INFINITY: Final = np.uint16(0x7C00)

# Every half as float32: looking up is twice as fast as numpy's conversion.
_WIDENED: Final = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)


class Fl16(Elementwise):
    """Two bytes per weight, rounded to the nearest half, ties to even."""

    family: ClassVar[str] = "fl16"

    @property
    def name(self) -> str:
        """``fl16``."""
        return "fl16"

    def encode(self, weights: Float32Array) -> Codes:
        """Round to float16.

        Raises:
            SchemeError: If a weight would become infinite.
        """
        native = native_float32(weights, self.name)
        codes = np.empty(native.shape, dtype=np.float16)
        flat, out = native.reshape(-1), codes.reshape(-1)
        each_block(flat.size, lambda piece: self._round(native, flat[piece], out[piece]))
        return codes

    def decode(self, codes: Codes) -> Float32Array:
        """Widen to float32; exact."""
        patterns = np.ascontiguousarray(codes).view(np.uint16)
        weights = np.empty(codes.shape, dtype=np.float32)
        flat, out = patterns.reshape(-1), weights.reshape(-1)
        each_block(flat.size, lambda piece: _widen(flat[piece], out[piece]))
        return weights

    @property
    def width(self) -> int:
        """16 bits."""
        return 16

    @property
    def code_dtype(self) -> np.dtype[np.generic]:
        """float16."""
        return np.dtype(np.float16)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """One look into a table."""
        _widen(packed.view("<u2"), weights)

    def apply(self, weights: Float32Array) -> Float32Array:
        """Round to float16 and back, block by block."""
        native = native_float32(weights, self.name)
        rounded = aligned_empty(native.shape)
        flat, out = native.reshape(-1), rounded.reshape(-1)

        def work(piece: slice) -> None:
            halves = np.empty(piece.stop - piece.start, dtype=np.float16)
            self._round(native, flat[piece], halves)
            _widen(halves.view(np.uint16), out[piece])

        each_block(flat.size, work)
        return rounded

    def stored_nbytes(self, weights: Float32Array) -> int:
        """2 n, once no weight is too large for a half."""
        native = native_float32(weights, self.name)
        # NaN compares false with everything.
        if native.size and not (native.max() < OVERFLOW and native.min() > -OVERFLOW):
            raise self._refusal(native)
        return 2 * native.size

    def _round(self, whole: Float32Array, piece: Float32Array, out: Codes) -> None:
        with np.errstate(over="ignore"):
            out[...] = piece
        # Overflow, infinity and NaN all end in an exponent of ones.
        if (out.view(np.uint16) & _MAGNITUDE).max() >= _INFINITY:
            raise self._refusal(whole)

    def _refusal(self, native: Float32Array) -> SchemeError:
        if not np.isfinite(native).all():
            return not_finite(native, self.name)
        bad = int(np.flatnonzero(np.abs(native) >= OVERFLOW)[0])
        return SchemeError(
            f"fl16 cannot store {native.flat[bad]} at flat index {bad} of a tensor of shape "
            f"{native.shape}: halves end at 65504; use another scheme for this layer"
        )


def _widen(patterns: Codes, out: Float32Array) -> None:
    # Every uint16 is an index, so nothing is clipped; "clip" spares a copy of the result.
    np.take(_WIDENED, patterns, out=out, mode="clip")
