"""``bf16``: the upper half of a float32, rounded."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.schemes.bits import rounded_bits
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.values.arrays import Float32Array, UInt16Array

_SHIFT: Final = np.uint32(16)
# Half way between the largest bfloat16 and 2¹²⁸; ties go to the even one, which would be 2¹²⁸.
_OVERFLOW: Final = 2.0**128 - 2.0**119


class Bf16(Elementwise[np.uint16]):
    """Two bytes per weight: bfloat16, float32's range with 7 fraction bits, ties to even."""

    overflow: ClassVar[float] = _OVERFLOW
    overflow_reason: ClassVar[str] = "it rounds to infinity"

    @property
    def name(self) -> str:
        """``bf16``."""
        return "bf16"

    @property
    def width(self) -> int:
        """16 bits."""
        return 16

    @property
    def code_dtype(self) -> np.dtype[np.uint16]:
        """uint16."""
        return np.dtype(np.uint16)

    def encode(self, weights: Float32Array) -> UInt16Array:
        """The bits of the nearest bfloat16 as uint16.

        Raises:
            SchemeError: If a weight would become infinite.
        """
        bits = self._storable(weights).view(np.uint32)
        codes = np.empty(bits.shape, dtype=np.uint16)
        flat, out = bits.reshape(-1), codes.reshape(-1)

        def work(piece: slice) -> None:
            rounded = rounded_bits(flat[piece], 16)
            np.right_shift(rounded, _SHIFT, out=out[piece], casting="unsafe")

        each_block(flat.size, work)
        return codes

    def decode(self, codes: UInt16Array) -> Float32Array:
        """Zeros below."""
        return np.asarray(codes.astype(np.uint32) << _SHIFT).view(np.float32)
