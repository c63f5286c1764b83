"""bitwiseMid_k: what bitwiseAnd_k stores, restored to the middle."""

import numpy as np
import pytest
from weight_arrays import bits, every_exponent

from mpsearch.schemes import parse_scheme
from mpsearch.values.errors import SchemeError


@pytest.mark.parametrize("k", range(1, 23))
def test_it_stores_what_bitwise_and_stores_and_restores_the_middle(k: int) -> None:
    w = every_exponent(seed=k)
    mid, cut = parse_scheme(f"bitwiseMid_{k}"), parse_scheme(f"bitwiseAnd_{k}")
    np.testing.assert_array_equal(mid.encode(w), cut.encode(w))
    lowest = bits(cut.apply(w))
    zero = (lowest & 0x7FFFFFFF) == 0
    expected = np.where(zero, lowest, lowest + 2 ** (k - 1))
    np.testing.assert_array_equal(bits(mid.apply(w)), expected.astype(np.uint32))


def test_errors_go_both_ways() -> None:
    w = np.random.default_rng(0).normal(0, 0.1, 10_000).astype(np.float32)
    mid, cut = (parse_scheme(f"{family}_22").apply(w) for family in ("bitwiseMid", "bitwiseAnd"))
    assert np.abs(np.abs(mid) - np.abs(w)).mean() < 0.6 * np.abs(np.abs(cut) - np.abs(w)).mean()
    assert abs((np.abs(mid) - np.abs(w)).mean()) < 0.2 * abs((np.abs(cut) - np.abs(w)).mean())


@pytest.mark.parametrize("name", ["bitwiseMid_0", "bitwiseMid_23"])
def test_a_number_of_bits_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(SchemeError, match=f"{name} is out of range"):
        parse_scheme(name)
