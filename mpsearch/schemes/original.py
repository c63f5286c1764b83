"""``original``: float32 as it is."""

import numpy as np

from mpsearch.schemes.base import float32_bits
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.values.arrays import Float32Array, UInt8Array


class Original(Elementwise[np.float32]):
    """Four bytes per weight, nothing changed."""

    @property
    def name(self) -> str:
        """``original``."""
        return "original"

    def encode(self, weights: Float32Array) -> Float32Array:
        """A copy of *weights*."""
        return float32_bits(weights, self.name).view(np.float32).copy()

    def decode(self, codes: Float32Array) -> Float32Array:
        """A copy of *codes*."""
        return np.array(codes, dtype=np.float32)

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """One copy."""
        return np.array(weights, dtype=np.float32)

    @property
    def width(self) -> int:
        """32 bits."""
        return 32

    @property
    def code_dtype(self) -> np.dtype[np.float32]:
        """float32."""
        return np.dtype(np.float32)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """One copy."""
        weights[...] = packed.view("<f4")
