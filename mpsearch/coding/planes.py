"""Zstandard over byte planes: the first bytes of all symbols, then the second, and so on.

A symbol of *w* bits has ``⌈w / 8⌉`` bytes here, the first its highest 8 bits; the last holds what
is left, in its low bits. Symbols of one bit are packed eight to a byte first.
"""

from typing import Any, Final

import numpy as np
import zstandard

from mpsearch.coding import packed
from mpsearch.schemes.bits import pack_bits, packed_nbytes, symbol_dtype
from mpsearch.values.arrays import Symbols, UInt8Array
from mpsearch.values.errors import PackedError

# 19 gains 3 % on 9 and takes ten times longer; neither comes near rans but where symbols repeat.
_LEVEL: Final = 9
_LARGEST_WINDOW: Final = 2**27  # bytes a decoder must be able to look back


def compress(symbols: Symbols, width: int) -> UInt8Array:
    """Code *symbols* of *width* bits."""
    # Without the size of the content, which the reader knows and does not take from a file.
    coder = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False)
    return np.frombuffer(coder.compress(_to_planes(symbols, width).data), dtype=np.uint8)


def decompress(data: UInt8Array, width: int, count: int) -> Symbols:
    """The symbols that :func:`compress` coded.

    Raises:
        PackedError: If *data* is not the code of *count* such symbols.
    """
    size = _planes_nbytes(count, width)
    try:
        # The decoder allocates what a frame says of its content and window.
        frame = zstandard.get_frame_parameters(data.data)
        if frame.content_size not in (zstandard.CONTENTSIZE_UNKNOWN, size):
            raise PackedError(f"the zstd data say {frame.content_size} bytes, not {size}")
        if frame.window_size > _LARGEST_WINDOW:
            raise PackedError(f"the zstd data look back {frame.window_size} bytes")
        planes = zstandard.ZstdDecompressor().decompress(
            data.data, max_output_size=size, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise PackedError(f"the zstd data cannot be read ({error})") from error
    if len(planes) != size:
        raise PackedError(f"the zstd data are {len(planes)} bytes, not {size}")
    return _from_planes(np.frombuffer(planes, dtype=np.uint8), width, count)


def _planes_nbytes(count: int, width: int) -> int:
    return packed_nbytes(count, 1) if width == 1 else count * -(-width // 8)


def _to_planes(symbols: Symbols, width: int) -> UInt8Array:
    if width == 1:
        return pack_bits(symbols, 1)
    planes = np.empty((-(-width // 8), len(symbols)), dtype=np.uint8)
    for number, plane in enumerate(planes):
        np.right_shift(symbols, _shift(number, width, symbols.dtype), out=plane, casting="unsafe")
    spare = 8 * len(planes) - width
    if spare:
        planes[-1] = symbols & symbols.dtype.type(0xFF >> spare)
    return planes.reshape(-1)


def _from_planes(planes: UInt8Array, width: int, count: int) -> Symbols:
    if width == 1:
        return packed.unpack(planes, 1, count)
    kind = symbol_dtype(width)
    symbols = np.zeros(count, dtype=kind)
    in_last = (width - 1) % 8 + 1
    if count and in_last < 8 and int(planes[-count:].max()) >> in_last:
        raise PackedError("bits below the lowest of a code are not 0")
    for number, plane in enumerate(planes.reshape(-1, count) if count else ()):
        symbols |= plane.astype(kind) << _shift(number, width, kind)
    return symbols


def _shift(number: int, width: int, kind: np.dtype[Any]) -> Any:
    return kind.type(max(0, width - 8 * (number + 1)))
