"""``bitwiseAnd_k``: the lowest k of the 32 bits are cut off."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import Scheme, float32_bits

MOST: Final = 22  # one mantissa bit stays; the original's masks go no further
DEFAULTS: Final = (1, 2, 4, 8, 16, 17, 18, 19, 20, 21, 22)


class BitwiseAnd(Scheme):
    """32 − k bits per weight, packed back to back; truncates toward zero.

    Args:
        k: Number of low bits set to 0, 1 to 22.

    Raises:
        SchemeError: If *k* is out of range.
    """

    family: ClassVar[str] = "bitwiseAnd"

    def __init__(self, k: int) -> None:
        if not 1 <= k <= MOST:
            raise SchemeError(
                f"bitwiseAnd_{k} is out of range: k is the number of low bits cut off, 1 to {MOST}"
            )
        self.k = k

    @property
    def name(self) -> str:
        """``bitwiseAnd_k``."""
        return f"bitwiseAnd_{self.k}"

    def encode(self, weights: Float32Array) -> Codes:
        """The 32 − k kept bits of each weight as an unsigned integer (uint16 where they fit)."""
        kept = np.asarray(float32_bits(weights, self.name) >> np.uint32(self.k))
        return kept.astype(np.uint16) if self.k >= 16 else kept

    def decode(self, codes: Codes) -> Float32Array:
        """Put the kept bits back in place, zeros below."""
        return np.asarray(codes.astype(np.uint32) << np.uint32(self.k)).view(np.float32)

    def nbytes(self, codes: Codes) -> int:
        """⌈n (32 − k) / 8⌉."""
        return -(-codes.size * (32 - self.k) // 8)
