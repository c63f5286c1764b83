"""``bitwiseAnd_k``: the lowest k of the 32 bits are cut off."""

from typing import Any, Final

import numpy as np

from mpsearch.memory.aligned import aligned_empty
from mpsearch.schemes.base import float32_bits, native_float32
from mpsearch.schemes.bits import pack_bits, symbol_dtype, unpack_bits_into
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.values.arrays import Float32Array, Symbols, UInt8Array
from mpsearch.values.errors import SchemeError

MOST: Final = 22  # one mantissa bit stays; the original's masks go no further
DEFAULTS: Final = (1, 2, 4, 8, 16, 17, 18, 19, 20, 21, 22)


class BitwiseAnd(Elementwise[np.unsignedinteger[Any]]):
    """32 − k bits per weight, packed back to back; truncates toward zero.

    Args:
        k: Number of low bits set to 0, 1 to 22.

    Raises:
        SchemeError: If *k* is out of range.
    """

    def __init__(self, k: int) -> None:
        self.k = k
        if not 1 <= k <= MOST:
            raise SchemeError(
                f"{self.name} is out of range: k is the number of low bits cut off, 1 to {MOST}"
            )

    @property
    def name(self) -> str:
        """``bitwiseAnd_k``."""
        return f"bitwiseAnd_{self.k}"

    def encode(self, weights: Float32Array) -> Symbols:
        """The 32 − k kept bits of each weight as an unsigned integer (uint16 where they fit)."""
        bits = float32_bits(weights, self.name)
        codes = np.empty(bits.shape, dtype=np.uint16 if self.k >= 16 else np.uint32)
        flat, out = bits.reshape(-1), codes.reshape(-1)

        def work(piece: slice) -> None:
            np.right_shift(flat[piece], np.uint32(self.k), out=out[piece], casting="unsafe")

        each_block(flat.size, work)
        return codes

    def decode(self, codes: Symbols) -> Float32Array:
        """Put the kept bits back in place, zeros below."""
        bits = np.empty(codes.shape, dtype=np.uint32)
        flat, out = codes.reshape(-1), bits.reshape(-1)

        def work(piece: slice) -> None:
            np.left_shift(flat[piece], np.uint32(self.k), out=out[piece], dtype=np.uint32)

        each_block(flat.size, work)
        return bits.view(np.float32)

    @property
    def width(self) -> int:
        """32 − k bits."""
        return 32 - self.k

    @property
    def code_dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """uint16 or uint32."""
        return symbol_dtype(self.width)

    def pack(self, weights: Float32Array) -> UInt8Array:
        """Bits are cut off while they are packed; no codes in between."""
        return pack_bits(weights.view(np.uint32), self.width, down=self.k)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """Bits are put in their places while they are unpacked; no codes in between."""
        unpack_bits_into(weights.view(np.uint32), packed, self.width, up=self.k)

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """One mask over the bits; no codes in between."""
        native = native_float32(weights, self.name)
        kept = aligned_empty(native.shape)
        bits, out = native.view(np.uint32).reshape(-1), kept.view(np.uint32).reshape(-1)
        mask = np.uint32(0xFFFFFFFF << self.k & 0xFFFFFFFF)

        def work(piece: slice) -> None:
            np.bitwise_and(bits[piece], mask, out=out[piece])

        each_block(bits.size, work)
        return kept
