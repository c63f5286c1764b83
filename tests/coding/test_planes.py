"""Zstandard over byte planes."""

import numpy as np
import pytest
import zstandard

from mpsearch.coding import planes
from mpsearch.core.errors import PackedError
from mpsearch.schemes.bits import symbol_dtype


@pytest.mark.parametrize("width", range(1, 33))
@pytest.mark.parametrize("count", [1, 9, 1000])
def test_planes_hold_all_bits(width: int, count: int) -> None:
    drawn = np.random.default_rng(width).integers(0, 1 << width, count, dtype=np.uint64)
    symbols = drawn.astype(symbol_dtype(width))
    found = planes.decompress(planes.compress(symbols, width), width, count)
    assert found.dtype == symbols.dtype
    np.testing.assert_array_equal(found, symbols)


def test_the_first_plane_is_the_highest_bits() -> None:
    symbols = np.array([0b101010101111, 0b000000001010], dtype=np.uint16)
    data = planes.compress(symbols, 12).tobytes()
    plain = zstandard.ZstdDecompressor().stream_reader(data).read()
    assert plain == bytes([0b10101010, 0, 0b1111, 0b1010])


def test_what_is_longer_or_shorter_than_was_said_is_refused() -> None:
    data = planes.compress(np.zeros(100, np.uint8), 8)
    for count in (99, 101):
        with pytest.raises(PackedError, match="are not"):
            planes.decompress(data, 8, count)
    with pytest.raises(PackedError):
        planes.decompress(data[:-4], 8, 100)
    with pytest.raises(PackedError, match="cannot be read"):
        planes.decompress(np.frombuffer(b"no zstd at all", np.uint8), 8, 100)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(2**28))
    assert len(bomb) < 2**15
    with pytest.raises(PackedError):
        planes.decompress(np.frombuffer(bomb, np.uint8), 8, 1000)
