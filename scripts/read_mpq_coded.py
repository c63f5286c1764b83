"""Codes of a .mpq file made with --coding entropy; see docs/formats.md."""

from typing import Any

import numpy as np


def _unpack(width: int, count: int, data: Any) -> Any:
    table = np.unpackbits(data, count=count * width, bitorder="little").reshape(count, width)
    return table.astype(np.uint64) @ (np.uint64(1) << np.arange(width, dtype=np.uint64))


def zstd(width: int, count: int, data: Any) -> Any:
    """Byte planes: the highest 8 bits of all codes, then the next 8, and so on."""
    import zstandard  # noqa: PLC0415 - the one package beside numpy, and only here

    planes = np.frombuffer(zstandard.ZstdDecompressor().stream_reader(data).read(), np.uint8)
    if width == 1:
        return _unpack(1, count, planes)
    total = np.zeros(count, np.uint64)
    for number, plane in enumerate(planes.reshape(-1, count)):
        total |= plane.astype(np.uint64) << np.uint64(max(0, width - 8 * (number + 1)))
    return total


def rans(width: int, count: int, data: Any) -> Any:
    """High bits by range asymmetric numeral systems, low bits packed behind them."""
    high, precision = int(data[0]), int(data[1])
    lanes, table = int(data[2]) | int(data[3]) << 8, 4 + -(-(1 << high) // 8)
    used = np.flatnonzero(_unpack(1, 1 << high, data[4:table]))
    begin = table + -(-len(used) * precision // 8)
    shares = _unpack(precision, len(used), data[table:begin]).astype(int) + 1
    before = np.cumsum(shares) - shares
    tail = len(data) - -(-count * (width - high) // 8)
    states = data[begin : begin + 4 * lanes].copy().view("<u4").tolist()
    words = iter(data[begin + 4 * lanes : tail].copy().view("<u2").tolist())
    upper = np.empty(count, np.uint64)
    for i in range(count):
        state = states[i % lanes]
        slot = state & ((1 << precision) - 1)
        which = int(np.searchsorted(before, slot, "right")) - 1
        upper[i] = used[which]
        state = int(shares[which]) * (state >> precision) + slot - int(before[which])
        states[i % lanes] = state << 16 | next(words) if state < 1 << 16 else state
    return upper << np.uint64(width - high) | _unpack(width - high, count, data[tail:])


METHODS = {"zstd": zstd, "rans": rans}
