"""Unsigned integers of 1 to 32 bits, packed back to back.

The first integer takes the lowest bits of the first byte, and so on: bit *b* of integer *i* of
width *w* is bit ``(i·w + b) mod 8`` of byte ``⌊(i·w + b) / 8⌋``. Bits left over in the last byte
are 0.
"""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.schemes.blocks import each_block
from mpsearch.values.arrays import Symbols, UInt8Array

MOST: Final = 32

_GROUP: Final = 8  # integers after which the pattern of bits in bytes surely begins again
_REACH: Final = 8  # bytes a window reads at once, at most


def packed_nbytes(count: int, width: int) -> int:
    """Bytes of *count* integers of *width* bits."""
    return -(-count * width // 8)


def symbol_dtype(width: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds *width* bits."""
    return np.dtype(np.uint8 if width <= 8 else np.uint16 if width <= 16 else np.uint32)


def pack_bits(symbols: Symbols, width: int, down: int = 0) -> UInt8Array:
    """Pack integers.

    Args:
        symbols: Flat, each below 2^(width + down).
        width: Bits of each, 1 to 32.
        down: How many low bits of each are left out.

    Returns:
        ``packed_nbytes(len(symbols), width)`` bytes.
    """
    if width == 8 * symbols.itemsize:
        little = np.ascontiguousarray(symbols, dtype=symbols.dtype.newbyteorder("<"))
        return little.view(np.uint8)
    if (width, down) == (1, 0):
        return np.packbits(symbols.astype(np.uint8, copy=False), bitorder="little")
    count = len(symbols)
    packed = np.empty(-(-count // _GROUP) * width, dtype=np.uint8)

    def work(piece: slice) -> None:
        few = symbols[piece]
        if down:
            few = few & few.dtype.type((1 << width) - 1 << down)
        if len(few) % _GROUP:  # only the last piece's
            few = np.concatenate([few, np.zeros(-len(few) % _GROUP, few.dtype)])
        # Bytes of its own: the last windows reach into what another thread packs.
        own = np.zeros(len(few) // _GROUP * width + _REACH, dtype=np.uint8)
        _pack_lanes(few, width, down, own)
        first = piece.start // _GROUP * width
        packed[first : first + len(own) - _REACH] = own[:-_REACH]

    each_block(count, work)
    return packed[: packed_nbytes(count, width)]


def unpack_bits(packed: UInt8Array, width: int, count: int) -> Symbols:
    """The integers that :func:`pack_bits` packed, in the smallest type that holds them.

    Args:
        packed: Packed symbols, at least ``packed_nbytes(count, width)`` bytes.
        width: Bits of each, 1 to 32.
        count: How many.
    """
    kind = symbol_dtype(width)
    if width == 8 * kind.itemsize:
        whole = packed[: count * kind.itemsize]
        return np.array(whole.view(kind.newbyteorder("<")), dtype=kind)
    if width == 1:
        return np.unpackbits(packed, count=count, bitorder="little")
    symbols = np.empty(count, dtype=kind)
    unpack_bits_into(symbols, packed, width)
    return symbols


def unpack_bits_into(symbols: Symbols, packed: UInt8Array, width: int, up: int = 0) -> None:
    """Fill *symbols* with the integers that :func:`pack_bits` packed.

    Args:
        symbols: Flat; gets the integers, times 2^up.
        packed: Packed symbols, at least ``packed_nbytes(len(symbols), width)`` bytes.
        width: Bits of each, 1 to 32.
        up: How many zeros are put below each; width + up bits fit the type.
    """

    def work(piece: slice) -> None:
        start, stop = piece.start // _GROUP, -(-piece.stop // _GROUP)
        # A copy that windows may read beyond; it stays in the cache.
        few = np.empty((stop - start) * width + _REACH, dtype=np.uint8)
        source = packed[start * width : stop * width]
        few[: len(source)] = source
        few[len(source) :] = 0
        out = symbols[piece]
        whole = len(out) // _GROUP * _GROUP
        _unpack_lanes(few, width, up, out[:whole])
        if whole < len(out):
            last = np.empty(_GROUP, symbols.dtype)
            _unpack_lanes(few[whole // _GROUP * width :], width, up, last)
            out[whole:] = last[: len(out) - whole]

    each_block(len(symbols), work)


def rounded_bits(patterns: Symbols, dropped: int) -> Symbols:
    """Bit patterns of floats with their lowest *dropped* fraction bits rounded off, ties to even.

    What rounds up past the largest fraction goes on to the next exponent, as it should.
    """
    # Half of what falls away is added, or a bit less where the lowest bit kept is even.
    rounded = (patterns >> np.uint32(dropped)) & np.uint32(1)
    rounded += np.uint32((1 << dropped - 1) - 1)
    rounded += patterns
    rounded &= np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)
    return rounded


def _pack_lanes(symbols: Symbols, width: int, down: int, packed: UInt8Array) -> None:
    """Every so many integers fill whole bytes: each of them is OR-ed into windows that far apart.

    Args:
        symbols: A multiple of eight.
        width: Bits of each.
        down: How many low bits of each, which are zeros, are left out.
        packed: Zeros; gets the bits.
    """
    lanes = _lanes(width)
    while lanes < _GROUP and lanes * width // 8 < _REACH:
        lanes *= 2  # windows must not overlap
    stride = lanes * width // 8
    for lane in range(lanes):
        start, shift = divmod(lane * width, 8)
        kind = _window(width, shift)
        shifted = _shifted(symbols[lane::lanes], kind, shift - down)
        if stride < kind.itemsize:  # they do all the same: one byte after the other
            for byte in range(-(-(shift + width) // 8)):
                target = packed[start + byte :: stride][: len(shifted)]
                target |= (shifted >> kind.type(8 * byte)).astype(np.uint8)
            continue
        windows = _windows(packed, start, len(shifted), stride, kind)
        np.bitwise_or(windows, shifted, out=windows)


def _unpack_lanes(packed: UInt8Array, width: int, up: int, symbols: Symbols) -> None:
    lanes = _lanes(width)
    for lane in range(lanes):
        start, shift = divmod(lane * width, 8)
        kind = _window(width, shift)
        out = symbols[lane::lanes]
        windows = _windows(packed, start, len(out), lanes * width // 8, kind)
        move = np.right_shift if shift >= up else np.left_shift
        move(windows, kind.type(abs(shift - up)), out=out, casting="unsafe")
    np.bitwise_and(symbols, symbols.dtype.type((1 << width) - 1 << up), out=symbols)


def _lanes(width: int) -> int:
    """Integers after which the pattern of bits in bytes begins again."""
    return 8 // math.gcd(8, width)


def _shifted(symbols: Symbols, kind: np.dtype[Any], left: int) -> npt.NDArray[Any]:
    """*symbols* in another type, shifted to the left; to the right where *left* is negative."""
    wide: npt.NDArray[Any] = symbols.astype(kind)
    move = np.left_shift if left >= 0 else np.right_shift
    move(wide, kind.type(abs(left)), out=wide)
    return wide


def _window(width: int, shift: int) -> np.dtype[Any]:
    return np.dtype("<u4" if shift + width <= 32 else "<u8")


def _windows(
    packed: UInt8Array, first: int, count: int, stride: int, kind: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Integers that begin at every *stride*-th byte, where they lie."""
    return np.ndarray((count,), kind, packed.data, first, (stride,))
