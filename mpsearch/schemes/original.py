"""``original``: float32 as it is."""

from typing import ClassVar

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.schemes.base import Scheme, float32_bits


class Original(Scheme):
    """Four bytes per weight, nothing changed."""

    family: ClassVar[str] = "original"

    @property
    def name(self) -> str:
        """``original``."""
        return "original"

    def encode(self, weights: Float32Array) -> Codes:
        """A copy of *weights*."""
        return float32_bits(weights, self.name).view(np.float32).copy()

    def decode(self, codes: Codes) -> Float32Array:
        """A copy of *codes*."""
        return np.array(codes, dtype=np.float32)

    def nbytes(self, codes: Codes) -> int:
        """4 n."""
        return 4 * codes.size

    def stored_nbytes(self, weights: Float32Array) -> int:
        """4 n, once the weights are known to be finite."""
        return 4 * float32_bits(weights, self.name).size
