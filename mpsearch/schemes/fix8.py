"""``fix8``: sign, one integer bit, six fraction bits, truncated toward zero."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.schemes.base import Scheme, float32_bits

STEP: Final = 2.0**-6  # value of the lowest fraction bit
LARGEST: Final = 127  # code of the largest magnitude, 1.984375

# All 256 decoded values; code 128 is -0, which keeps its sign.
_DECODED: Final = np.copysign(
    (np.arange(256) % 128) * STEP, np.where(np.arange(256) < 128, 1.0, -1.0)
).astype(np.float32)


class Fix8(Scheme):
    """One byte per weight.

    Source: I-SURF_Quantization, ``convert.py``; its loop over bit fields equals
    ``sign·128 + min(⌊|w|·64⌋, 127)`` because scaling a float32 by 2⁶ is exact.
    """

    family: ClassVar[str] = "fix8"

    @property
    def name(self) -> str:
        """``fix8``."""
        return "fix8"

    def encode(self, weights: Float32Array) -> Codes:
        """Codes as uint8: bit 7 the sign (also of −0), bits 6–0 ``⌊|w| / 2⁻⁶⌋``, at most 127."""
        bits = float32_bits(weights, self.name)
        # Clipped before it is scaled, so that the largest float32 does not overflow.
        magnitude = np.minimum(np.abs(bits.view(np.float32)), np.float32(LARGEST * STEP))
        magnitude = np.multiply(magnitude, np.float32(1 / STEP))
        codes = np.asarray(magnitude).astype(np.uint8)  # truncates
        codes |= (bits >> np.uint32(24)).astype(np.uint8) & np.uint8(0x80)
        return codes

    def decode(self, codes: Codes) -> Float32Array:
        """``±code · 2⁻⁶``; exact."""
        return np.asarray(np.take(_DECODED, codes))

    def nbytes(self, codes: Codes) -> int:
        """One byte per weight."""
        return codes.size
