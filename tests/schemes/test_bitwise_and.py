"""bitwiseAnd_k: the lowest k bits are cut off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes.bitwise_and import BitwiseAnd
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

cuts = st.integers(1, 22)


def stored(k: int, w: Float32Array) -> Float32Array:
    scheme = BitwiseAnd(k)
    return scheme.decode(scheme.encode(w))


@pytest.mark.parametrize("k", range(1, 23))
def test_it_equals_masking_the_low_bits_at_any_exponent(k: int) -> None:
    w = every_exponent(seed=k)
    mask = np.uint32(0xFFFFFFFF & ~(2**k - 1))
    np.testing.assert_array_equal(bits(stored(k, w)), bits(w) & mask)


@few
@given(w=tensors(), k=cuts)
def test_it_truncates_toward_zero_by_less_than_the_value_of_the_cut_bits(
    w: Float32Array, k: int
) -> None:
    decoded, exact = stored(k, w).astype(np.float64), w.astype(np.float64)
    lost = np.abs(exact) - np.abs(decoded)
    assert (lost >= 0).all()
    # One unit in the last place of each float32; subnormal ones share the smallest.
    unit = 2.0 ** (np.maximum(np.frexp(exact)[1], -125) - 24)
    assert (lost < unit * 2.0**k).all()
    np.testing.assert_array_equal(np.signbit(decoded), np.signbit(exact))


@few
@given(w=tensors(), k=cuts, more=cuts)
def test_cutting_twice_equals_cutting_once_by_the_larger_count(
    w: Float32Array, k: int, more: int
) -> None:
    np.testing.assert_array_equal(bits(stored(more, stored(k, w))), bits(stored(max(k, more), w)))


@few
@given(n=st.integers(0, 40), k=cuts)
def test_bytes_are_those_of_the_kept_bits_packed_back_to_back(n: int, k: int) -> None:
    scheme = BitwiseAnd(k)
    packed = np.packbits(np.zeros(n * (32 - k), dtype=np.uint8))
    assert scheme.nbytes(scheme.encode(np.ones(n, dtype=np.float32))) == packed.size


@few
@given(w=tensors(), k=cuts)
def test_codes_fit_into_the_kept_bits(w: Float32Array, k: int) -> None:
    assert int(BitwiseAnd(k).encode(w).max(initial=0)) < 2 ** (32 - k)


@pytest.mark.parametrize("k", [-1, 0, 23, 32])
def test_a_count_outside_1_to_22_is_refused(k: int) -> None:
    with pytest.raises(SchemeError, match=rf"bitwiseAnd_{k} is out of range.*1 to 22"):
        BitwiseAnd(k)
