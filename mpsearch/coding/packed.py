"""Packed integers from a file, which are not trusted."""

from mpsearch.schemes.bits import unpack_bits
from mpsearch.values.arrays import Symbols, UInt8Array
from mpsearch.values.errors import PackedError


def unpack(data: UInt8Array, width: int, count: int) -> Symbols:
    """The integers that :func:`~mpsearch.schemes.bits.pack_bits` packed into all of *data*.

    Raises:
        PackedError: If bits left over in the last byte are not 0.
    """
    require_no_rest(data, width, count)
    return unpack_bits(data, width, count)


def require_no_rest(data: UInt8Array, width: int, count: int) -> None:
    """Check that the bits left over in the last byte of *data* are 0.

    Raises:
        PackedError: If they are not.
    """
    used = count * width % 8
    if used and int(data[-1]) >> used:
        raise PackedError("bits behind the last code are not 0")
