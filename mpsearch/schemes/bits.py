"""Unsigned integers of 1 to 32 bits, packed back to back.

The first integer takes the lowest bits of the first byte, and so on: bit *b* of integer *i* of
width *w* is bit ``(i·w + b) mod 8`` of byte ``⌊(i·w + b) / 8⌋``. Bits left over in the last byte
are 0.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.core.arrays import UInt8Array
from mpsearch.schemes.blocks import each_block

MOST: Final = 32

_LANES: Final = 8  # integers after which the pattern of bits in bytes begins again
_REACH: Final = 8  # bytes a window reads at once, at most

_Unsigned = npt.NDArray[np.unsignedinteger[Any]]


def packed_nbytes(count: int, width: int) -> int:
    """Bytes of *count* integers of *width* bits."""
    return -(-count * width // 8)


def symbol_dtype(width: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds *width* bits."""
    return np.dtype(np.uint8 if width <= 8 else np.uint16 if width <= 16 else np.uint32)


def pack_bits(symbols: _Unsigned, width: int) -> UInt8Array:
    """Pack integers.

    Args:
        symbols: Flat, each below 2^width.
        width: Bits of each, 1 to 32.

    Returns:
        ``packed_nbytes(len(symbols), width)`` bytes.
    """
    if width == 8 * symbols.itemsize:
        little = np.ascontiguousarray(symbols, dtype=symbols.dtype.newbyteorder("<"))
        return little.view(np.uint8)
    if width == 1:
        return np.packbits(symbols.astype(np.uint8, copy=False), bitorder="little")
    count = len(symbols)
    groups = -(-count // _LANES)
    packed = np.empty(groups * width, dtype=np.uint8)

    def work(piece: slice) -> None:
        few = symbols[piece]
        if len(few) % _LANES:  # only the last piece's
            few = np.concatenate([few, np.zeros(-len(few) % _LANES, few.dtype)])
        # Bytes of its own: the last windows reach into what another thread packs.
        own = np.zeros(len(few) // _LANES * width + _REACH, dtype=np.uint8)
        _pack_lanes(few.reshape(-1, _LANES), width, own)
        first = piece.start // _LANES * width
        packed[first : first + len(own) - _REACH] = own[:-_REACH]

    each_block(count, work)
    return packed[: packed_nbytes(count, width)]


def unpack_bits(packed: UInt8Array, width: int, count: int) -> _Unsigned:
    """The integers that :func:`pack_bits` packed, in the smallest type that holds them.

    Args:
        packed: At least ``packed_nbytes(count, width)`` bytes.
        width: Bits of each, 1 to 32.
        count: How many.
    """
    kind = symbol_dtype(width)
    if width == 8 * kind.itemsize:
        whole = packed[: count * kind.itemsize]
        return np.array(whole.view(kind.newbyteorder("<")), dtype=kind)
    if width == 1:
        return np.unpackbits(packed, count=count, bitorder="little")
    symbols = np.empty(-(-count // _LANES) * _LANES, dtype=kind)

    def work(piece: slice) -> None:
        start = piece.start // _LANES
        stop = -(-piece.stop // _LANES)
        # A copy that windows may read beyond; it stays in the cache.
        few = np.zeros((stop - start) * width + _REACH, dtype=np.uint8)
        source = packed[start * width : stop * width]
        few[: len(source)] = source
        _unpack_lanes(few, width, symbols[start * _LANES : stop * _LANES].reshape(-1, _LANES))

    each_block(count, work)
    return symbols[:count]


def _pack_lanes(symbols: _Unsigned, width: int, packed: UInt8Array) -> None:
    """Eight integers fill *width* bytes: each lane is OR-ed into windows *width* bytes apart."""
    for lane in range(_LANES):
        start, shift = divmod(lane * width, 8)
        kind = _window(width, shift)
        if width < kind.itemsize:  # neighbouring windows overlap: one byte after the other
            _pack_narrow(symbols[:, lane], width, shift, packed[start:])
            continue
        windows = _windows(packed, start, len(symbols), width, kind)
        np.bitwise_or(
            windows, symbols[:, lane].astype(kind) << np.array(shift, dtype=kind), out=windows
        )


def _pack_narrow(lane: _Unsigned, width: int, shift: int, packed: UInt8Array) -> None:
    shifted = lane.astype(np.uint32) << np.uint32(shift)
    for byte in range(-(-(shift + width) // 8)):
        target = packed[byte::width][: len(lane)]
        np.bitwise_or(target, (shifted >> np.uint32(8 * byte)).astype(np.uint8), out=target)


def _unpack_lanes(packed: UInt8Array, width: int, symbols: _Unsigned) -> None:
    mask = symbols.dtype.type((1 << width) - 1)
    for lane in range(_LANES):
        start, shift = divmod(lane * width, 8)
        kind = _window(width, shift)
        windows = _windows(packed, start, len(symbols), width, kind)
        np.right_shift(windows, np.array(shift, dtype=kind), out=symbols[:, lane], casting="unsafe")
    np.bitwise_and(symbols, mask, out=symbols)


def _window(width: int, shift: int) -> np.dtype[Any]:
    return np.dtype("<u4" if shift + width <= 32 else "<u8")


def _windows(
    packed: UInt8Array, first: int, count: int, stride: int, kind: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Integers that begin at every *stride*-th byte, where they lie."""
    return np.ndarray((count,), kind, packed.data, first, (stride,))
