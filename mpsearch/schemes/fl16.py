"""``fl16``: IEEE 754 half precision."""

import threading
from typing import ClassVar, Final

import numpy as np

from mpsearch.memory.aligned import aligned_empty
from mpsearch.schemes.base import native_float32
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.values.arrays import Float16Array, Float32Array, Symbols, UInt8Array

#: Magnitudes from here on round to infinity: half way between 65504, the largest half, and 65536.
OVERFLOW: Final = 65520.0
ENDS: Final = "halves end at 65504"
# Every half as float32: looking up is twice as fast as numpy's conversion.
_WIDENED: Final = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)

_MAGNITUDE: Final = np.uint32(0x7FFFFFFF)
_EXPONENT: Final = np.uint32(0x7F800000)
_SIGN_BIT: Final = np.uint32(0x80000000)
_ANCHOR: Final = np.float32(1.5 * 2**13)
_TOO_LARGE: Final = np.float32(OVERFLOW).view(np.uint32)
_SMALLEST_NORMAL: Final = np.float32(2.0**-14).view(np.uint32)
_ONE_HALF: Final = np.float32(0.5).view(np.uint32)
_SHIFT: Final = np.uint32(13)  # mantissa bits that halves lack
# 15 − 127 in the exponent, and just below half of a half's last bit.
_BIAS: Final = np.uint32((15 - 127 << 23) + 0xFFF & 0xFFFFFFFF)
_SIGN: Final = np.uint32(0x8000)
_HALF: Final = np.uint32(16)


class Fl16(Elementwise[np.float16]):
    """Two bytes per weight, rounded to the nearest half, ties to even."""

    overflow: ClassVar[float] = OVERFLOW
    overflow_reason: ClassVar[str] = ENDS

    @property
    def name(self) -> str:
        """``fl16``."""
        return "fl16"

    def encode(self, weights: Float32Array) -> Float16Array:
        """Round to float16.

        Raises:
            SchemeError: If a weight would become infinite.
        """
        native = native_float32(weights, self.name)
        codes = np.empty(native.shape, dtype=np.float16)
        flat, out = native.reshape(-1), codes.reshape(-1)
        scratch = _Scratch()
        each_block(flat.size, lambda piece: self._round(native, flat[piece], out[piece], scratch))
        return codes

    def decode(self, codes: Float16Array) -> Float32Array:
        """Widen to float32; exact."""
        patterns = np.ascontiguousarray(codes).view(np.uint16)
        weights = np.empty(codes.shape, dtype=np.float32)
        flat, out = patterns.reshape(-1), weights.reshape(-1)
        each_block(flat.size, lambda piece: _widen(flat[piece], out[piece]))
        return weights

    @property
    def width(self) -> int:
        """16 bits."""
        return 16

    @property
    def code_dtype(self) -> np.dtype[np.float16]:
        """float16."""
        return np.dtype(np.float16)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """One look into a table."""
        _widen(packed.view("<u2"), weights)

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """Round to the nearest half in float32's own arithmetic; no codes in between.

        Next to a number 1.5 · 2¹³ times a weight's power of two, floats are one last digit of
        that weight's half apart: adding it and taking it away again rounds, ties to even.
        """
        native = native_float32(weights, self.name)
        rounded = aligned_empty(native.shape)
        flat, out, scratch = native.reshape(-1), rounded.reshape(-1), _Scratch()

        def work(piece: slice) -> None:
            given, made = flat[piece], out[piece]
            bits, made_bits = given.view(np.uint32), made.view(np.uint32)
            anchor_bits, _ = scratch.arrays(len(given))
            anchor = anchor_bits.view(np.float32)
            np.bitwise_and(bits, _EXPONENT, out=anchor_bits)
            np.maximum(anchor, _SMALLEST_NORMAL.view(np.float32), out=anchor)
            np.multiply(anchor, _ANCHOR, out=anchor)
            np.add(given, anchor, out=made)
            np.subtract(made, anchor, out=made)
            np.bitwise_and(bits, _SIGN_BIT, out=anchor_bits)  # what rounds to -0 lost its sign
            np.bitwise_or(made_bits, anchor_bits, out=made_bits)

        each_block(flat.size, work)
        return rounded

    def _round(
        self, whole: Float32Array, piece: Float32Array, out: Float16Array, scratch: "_Scratch"
    ) -> None:
        bits = piece.view(np.uint32)
        magnitude, halves = scratch.arrays(len(bits))
        np.bitwise_and(bits, _MAGNITUDE, out=magnitude)
        if magnitude.max() >= _TOO_LARGE:  # NaN and infinity among them
            raise self._refusal(whole)
        _round_magnitude(magnitude, halves)
        np.right_shift(bits, _HALF, out=magnitude)
        np.bitwise_and(magnitude, _SIGN, out=magnitude)
        np.bitwise_or(magnitude, halves, out=out.view(np.uint16), casting="unsafe")


class _Scratch(threading.local):
    """Two arrays for each thread: asking the system for memory takes longer than rounding."""

    def __init__(self) -> None:
        self._rows = np.empty((2, 0), dtype=np.uint32)

    def arrays(self, size: int) -> tuple[Symbols, Symbols]:
        if self._rows.shape[1] < size:
            self._rows = np.empty((2, size), dtype=np.uint32)
        return self._rows[0, :size], self._rows[1, :size]


def _round_magnitude(magnitude: Symbols, halves: Symbols) -> None:
    """The halves nearest to positive float32, as bits; ties to even.

    Normal halves have 13 bits less: half of what falls away is added first, and a bit more where
    that decides a tie. Subnormal ones are all multiples of 2⁻²⁴, as are the floats from 0.5 to 1:
    adding 0.5 rounds to them. numpy's own conversion goes number by number.
    """
    np.right_shift(magnitude, _SHIFT, out=halves)
    np.bitwise_and(halves, np.uint32(1), out=halves)
    np.add(halves, magnitude, out=halves)
    np.add(halves, _BIAS, out=halves)
    np.right_shift(halves, _SHIFT, out=halves)
    (small,) = np.nonzero(magnitude < _SMALLEST_NORMAL)
    if len(small):
        shifted = magnitude[small].view(np.float32) + np.float32(0.5)
        halves[small] = shifted.view(np.uint32) - _ONE_HALF


def _widen(patterns: Symbols, out: Float32Array) -> None:
    # Every uint16 is an index, so nothing is clipped; "clip" spares a copy of the result.
    np.take(_WIDENED, patterns, out=out, mode="clip")
