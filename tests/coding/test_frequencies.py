"""Shares: whole numbers that sum to a power of two and cost hardly more than the entropy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.coding.frequencies import cost_bits, counted, entropy_bits, shares

counts = st.lists(
    st.one_of(st.just(0), st.integers(1, 5), st.integers(1, 10**9)), min_size=1, max_size=400
).filter(any)


@given(found=counts, bits=st.integers(9, 14))
def test_they_sum_up_and_leave_nobody_out(found: list[int], bits: int) -> None:
    array = np.array(found, dtype=np.int64)
    parts = shares(array, bits)
    assert parts.sum() == 1 << bits
    assert np.array_equal(parts > 0, array > 0)
    assert cost_bits(array, parts, bits) >= entropy_bits(array) * (1 - 1e-9) - 1e-6


def test_with_enough_of_them_they_cost_the_entropy() -> None:
    symbols = np.minimum(np.random.default_rng(0).geometric(0.1, 100_000), 63).astype(np.uint16)
    array = counted(symbols, 64)
    assert array.sum() == 100_000
    assert cost_bits(array, shares(array, 14), 14) < 1.0005 * entropy_bits(array)


def test_one_symbol_takes_them_all_and_has_no_entropy() -> None:
    array = np.array([0, 7, 0], dtype=np.int64)
    assert shares(array, 10).tolist() == [0, 1024, 0]
    assert entropy_bits(array) == 0
    assert entropy_bits(np.zeros(3, np.int64)) == 0
