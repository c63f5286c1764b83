"""Integers of 1 to 32 bits, packed back to back."""

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.schemes.bits import (
    pack_bits,
    packed_nbytes,
    rounded_bits,
    symbol_dtype,
    unpack_bits,
    unpack_bits_into,
)

WIDTHS = range(1, 33)


def drawn(width: int, count: int, seed: int = 0) -> npt.NDArray[Any]:
    whole = np.random.default_rng(seed).integers(0, 1 << width, count, dtype=np.uint64)
    return whole.astype(symbol_dtype(width))


def bit_by_bit(symbols: npt.NDArray[Any], width: int) -> bytes:
    """The definition, in plain Python."""
    number = sum(int(symbol) << width * i for i, symbol in enumerate(symbols))
    return number.to_bytes(packed_nbytes(len(symbols), width), "little")


@given(width=st.integers(1, 32), count=st.integers(0, 70), seed=st.integers(0, 99))
def test_bits_follow_each_other_lowest_first(width: int, count: int, seed: int) -> None:
    symbols = drawn(width, count, seed)
    assert pack_bits(symbols, width).tobytes() == bit_by_bit(symbols, width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 2**15 - 1, 2**15 + 3, 2**21 + 2**15 + 1])
def test_unpacking_gives_back_what_was_packed(width: int, count: int) -> None:
    symbols = drawn(width, count)
    packed = pack_bits(symbols, width)
    assert len(packed) == packed_nbytes(count, width)
    found = unpack_bits(packed, width, count)
    assert found.dtype == symbol_dtype(width)
    np.testing.assert_array_equal(found, symbols)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_bit_of_the_largest_and_the_smallest_is_kept(width: int) -> None:
    symbols = np.array([0, (1 << width) - 1] * 21, dtype=symbol_dtype(width))
    np.testing.assert_array_equal(unpack_bits(pack_bits(symbols, width), width, 42), symbols)


def test_what_was_packed_is_not_changed_by_what_becomes_of_the_bytes() -> None:
    symbols = drawn(8, 100)
    before = symbols.copy()
    unpack_bits(pack_bits(symbols, 8), 8, 100)[:] = 0
    np.testing.assert_array_equal(symbols, before)


def test_bytes_in_the_other_order_are_put_right() -> None:
    symbols = drawn(16, 33)
    swapped = symbols.astype(symbols.dtype.newbyteorder())
    assert pack_bits(swapped, 16).tobytes() == pack_bits(symbols, 16).tobytes()


@given(width=st.integers(1, 31), count=st.integers(0, 70), seed=st.integers(0, 99), data=st.data())
def test_low_bits_can_be_left_out_and_zeros_put_there(
    width: int, count: int, seed: int, data: st.DataObject
) -> None:
    low = data.draw(st.integers(1, 32 - width))
    whole = drawn(width + low, count, seed).astype(np.uint32)
    high = (whole >> np.uint32(low)).astype(symbol_dtype(width))
    packed = pack_bits(whole, width, down=low)
    assert packed.tobytes() == pack_bits(high, width).tobytes()
    found = np.empty(count, np.uint32)
    unpack_bits_into(found, packed, width, up=low)
    np.testing.assert_array_equal(found, high.astype(np.uint32) << np.uint32(low))


@pytest.mark.parametrize(("dropped", "kind"), [(16, "bfloat16"), (13, "float16")])
def test_rounding_off_low_bits_rounds_floats_to_even(dropped: int, kind: str) -> None:
    rng = np.random.default_rng(0)
    w = rng.normal(0, 1, 10_000).astype(np.float32)
    ties = (w.view(np.uint32) & np.uint32(0xFFFF0000) | np.uint32(1 << dropped - 1)).view(
        np.float32
    )
    floats = np.concatenate([w, ties])
    normal = floats[np.abs(floats) > 1e-3]
    expected = normal.astype(ml_dtypes.bfloat16 if kind == "bfloat16" else np.float16)
    found = rounded_bits(normal.view(np.uint32), dropped).view(np.float32)
    np.testing.assert_array_equal(found, expected.astype(np.float32))
