"""``fix8m``: stored as ``fix8``, restored to the middle of what was cut off."""

from typing import Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array, UInt8Array
from mpsearch.schemes.fix8 import STEP, Fix8

_MAGNITUDE: Final = np.arange(256) % 128
# All 256 decoded values; codes 0 and 128 stay 0 and −0.
_DECODED: Final = np.copysign(
    (_MAGNITUDE + 0.5 * (_MAGNITUDE > 0)) * STEP, np.where(np.arange(256) < 128, 1.0, -1.0)
).astype(np.float32)


class Fix8m(Fix8):
    """As ``fix8``, decoded at the middle of the cut interval; zero stays zero."""

    @property
    def name(self) -> str:
        """``fix8m``."""
        return "fix8m"

    def decode(self, codes: Codes) -> Float32Array:
        """``±(code + ½) · 2⁻⁶``; exact."""
        weights: Float32Array = _DECODED[codes]
        return np.asarray(weights)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """One look into a table."""
        np.take(_DECODED, packed, out=weights, mode="clip")

    def apply(self, weights: Float32Array) -> Float32Array:
        """By way of the codes."""
        return self.decode(self.encode(weights))
