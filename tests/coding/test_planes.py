"""Zstandard over byte planes."""

import tracemalloc

import numpy as np
import pytest
import zstandard

from mpsearch.coding import planes
from mpsearch.schemes.bits import symbol_dtype
from mpsearch.values.errors import PackedError


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
        with pytest.raises(PackedError, match="the zstd data"):
            planes.decompress(data, 8, count)
    for end in range(len(data)):
        with pytest.raises(PackedError):
            planes.decompress(data[:end], 8, 100)
    with pytest.raises(PackedError, match="unused data"):
        planes.decompress(np.concatenate([data, data]), 8, 100)
    with pytest.raises(PackedError, match="cannot be read"):
        planes.decompress(np.frombuffer(b"no zstd at all", np.uint8), 8, 100)


def test_a_bomb_is_not_unpacked() -> None:
    for sized in (True, False):
        coder = zstandard.ZstdCompressor(level=19, write_content_size=sized)
        bomb = np.frombuffer(coder.compress(bytes(2**26)), np.uint8)
        assert len(bomb) < 2**13
        tracemalloc.start()
        with pytest.raises(PackedError):
            planes.decompress(bomb, 8, 1000)
        assert tracemalloc.get_traced_memory()[1] < 100_000
        tracemalloc.stop()


def test_a_frame_that_is_not_finished_is_refused() -> None:
    coder = zstandard.ZstdCompressor().compressobj()
    open_frame = coder.compress(bytes(100)) + coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    with pytest.raises(PackedError, match="full frame"):
        planes.decompress(np.frombuffer(open_frame, np.uint8), 8, 100)


def test_bits_that_belong_to_no_symbol_are_refused() -> None:
    for width, symbols in ((12, 2), (1, 3)):
        whole = np.full(planes._planes_nbytes(symbols, width), 0xFF, np.uint8)
        frame = zstandard.ZstdCompressor(write_content_size=False).compress(whole.data)
        with pytest.raises(PackedError, match="bits b"):
            planes.decompress(np.frombuffer(frame, np.uint8), width, symbols)
