"""``bf16``: the upper half of a float32, rounded."""

from typing import Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array, Symbols
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import float32_bits
from mpsearch.schemes.bits import rounded_bits
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise

_SHIFT: Final = np.uint32(16)
_INFINITE: Final = np.uint16(0x7F80)


class Bf16(Elementwise):
    """Two bytes per weight: bfloat16, float32's range with 7 fraction bits, ties to even."""

    @property
    def name(self) -> str:
        """``bf16``."""
        return "bf16"

    @property
    def width(self) -> int:
        """16 bits."""
        return 16

    def encode(self, weights: Float32Array) -> Codes:
        """The bits of the nearest bfloat16 as uint16.

        Raises:
            SchemeError: If a weight would become infinite.
        """
        bits = float32_bits(weights, self.name)
        codes = np.empty(bits.shape, dtype=np.uint16)
        flat, out = bits.reshape(-1), codes.reshape(-1)

        def work(piece: slice) -> None:
            rounded = rounded_bits(flat[piece], 16)
            np.right_shift(rounded, _SHIFT, out=out[piece], casting="unsafe")

        each_block(flat.size, work)
        infinite = (out & np.uint16(0x7FFF)) == _INFINITE
        if infinite.any():
            bad = int(np.flatnonzero(infinite)[0])
            raise SchemeError(
                f"bf16 cannot store {flat[bad : bad + 1].view(np.float32)[0]} at flat index {bad} "
                f"of a tensor of shape {bits.shape}: it rounds to infinity; use another scheme "
                "for this layer"
            )
        return codes

    def decode(self, codes: Codes) -> Float32Array:
        """Zeros below."""
        patterns: Symbols = codes
        return np.asarray(patterns.astype(np.uint32) << _SHIFT).view(np.float32)
