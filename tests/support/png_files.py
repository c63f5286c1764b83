"""PNG files made by hand, whose headers say what they like."""

import struct
import zlib


def chunk(kind: bytes, body: bytes) -> bytes:
    """One part of a PNG file."""
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def png(width: int, height: int, rows: bytes, *more: bytes) -> bytes:
    """An 8-bit gray PNG with such *rows*, and *more* chunks before them."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(more)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
