"""``fix8``: sign, one integer bit, six fraction bits, truncated toward zero."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.memory.aligned import aligned_empty
from mpsearch.schemes.base import native_float32, not_finite
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.values.arrays import Float32Array, UInt8Array

STEP: Final = 2.0**-6  # value of the lowest fraction bit
LARGEST: Final = 127  # code of the largest magnitude, 1.984375

_FINITE: Final = float(np.finfo(np.float32).max)
_SATURATED: Final = np.float32(LARGEST * STEP)

# All 256 decoded values; code 128 is -0, which keeps its sign.
_DECODED: Final = np.copysign(
    (np.arange(256) % 128) * STEP, np.where(np.arange(256) < 128, 1.0, -1.0)
).astype(np.float32)


class Fix8(Elementwise[np.uint8]):
    """One byte per weight.

    Source: I-SURF_Quantization, ``convert.py``; its loop over bit fields equals
    ``sign·128 + min(⌊|w|·64⌋, 127)`` because scaling a float32 by 2⁶ is exact.
    """

    _decoded: ClassVar[Float32Array] = _DECODED

    @property
    def name(self) -> str:
        """``fix8``."""
        return "fix8"

    def encode(self, weights: Float32Array) -> UInt8Array:
        """Codes as uint8: bit 7 the sign (also of −0), bits 6–0 ``⌊|w| / 2⁻⁶⌋``, at most 127."""
        native = native_float32(weights, self.name)
        codes = np.empty(native.shape, dtype=np.uint8)
        flat, bits, out = native.reshape(-1), native.view(np.uint32).reshape(-1), codes.reshape(-1)

        def work(piece: slice) -> None:
            magnitude = self._magnitude(native, flat[piece])
            # Clipped before it is scaled, so that the largest float32 does not overflow.
            np.minimum(magnitude, _SATURATED, out=magnitude)
            np.multiply(magnitude, np.float32(1 / STEP), out=magnitude)
            sign = (bits[piece] >> np.uint32(24)).astype(np.uint8) & np.uint8(0x80)
            np.bitwise_or(magnitude.astype(np.uint8), sign, out=out[piece])

        each_block(flat.size, work)
        return codes

    def decode(self, codes: UInt8Array) -> Float32Array:
        """``±code · 2⁻⁶``; exact."""
        weights = np.empty(codes.shape, dtype=np.float32)
        flat, out = np.asarray(codes).reshape(-1), weights.reshape(-1)

        def work(piece: slice) -> None:
            # Every uint8 is an index, so nothing is clipped; "clip" spares a copy of the result.
            np.take(self._decoded, flat[piece], out=out[piece], mode="clip")

        each_block(flat.size, work)
        return weights

    @property
    def width(self) -> int:
        """8 bits."""
        return 8

    @property
    def code_dtype(self) -> np.dtype[np.uint8]:
        """uint8."""
        return np.dtype(np.uint8)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """One look into a table."""
        np.take(self._decoded, packed, out=weights, mode="clip")

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """``trunc(w · 2⁶) / 2⁶``, saturated first, block by block; no codes in between."""
        native = native_float32(weights, self.name)
        cut = aligned_empty(native.shape)
        flat, out = native.reshape(-1), cut.reshape(-1)

        def work(piece: slice) -> None:
            few = out[piece]
            np.clip(flat[piece], -_SATURATED, _SATURATED, out=few)
            np.multiply(few, np.float32(1 / STEP), out=few)
            np.trunc(few, out=few)
            np.multiply(few, np.float32(STEP), out=few)

        each_block(flat.size, work)
        return cut

    def _magnitude(self, whole: Float32Array, piece: Float32Array) -> Float32Array:
        magnitude: Float32Array = np.abs(piece)
        if not magnitude.max() <= _FINITE:  # false for NaN, too
            raise not_finite(whole, self.name)
        return magnitude
