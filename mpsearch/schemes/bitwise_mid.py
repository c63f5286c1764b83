"""``bitwiseMid_k``: stored as ``bitwiseAnd_k``, restored to the middle of what was cut off."""

import numpy as np

from mpsearch.schemes.bitwise_and import BitwiseAnd
from mpsearch.values.arrays import Float32Array, Symbols, UInt8Array

_MAGNITUDE = np.uint32(0x7FFFFFFF)


class BitwiseMid(BitwiseAnd):
    """``bitwiseAnd_k`` decoded at the middle of the cut interval; zero stays zero.

    Cutting makes every weight a little smaller, and what is missing adds up over layers; with half
    of the cut-off range put back, errors go both ways.
    """

    @property
    def name(self) -> str:
        """``bitwiseMid_k``."""
        return f"bitwiseMid_{self.k}"

    def decode(self, codes: Symbols) -> Float32Array:
        """The kept bits in place, then a 1 and zeros."""
        weights = super().decode(codes)
        self._to_middle(weights)
        return weights

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """Decode packed codes, as :meth:`decode` does."""
        super().unpack_into(weights, packed)
        self._to_middle(weights)

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """Weights as :meth:`decode` gives them; no codes in between."""
        kept = super().apply_storable(weights)
        self._to_middle(kept)
        return kept

    def _to_middle(self, weights: Float32Array) -> None:
        bits: Symbols = weights.view(np.uint32)
        half = np.uint32(1 << self.k - 1)
        np.bitwise_or(bits, half, out=bits, where=(bits & _MAGNITUDE) != 0)
