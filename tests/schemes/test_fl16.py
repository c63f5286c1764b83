"""fl16: IEEE 754 half precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from weight_arrays import bits, few, tensors

from mpsearch.schemes.fl16 import OVERFLOW, Fl16
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

FL16 = Fl16()
PATTERNS = np.arange(2**16, dtype=np.uint32).astype(np.uint16)
HALVES = PATTERNS[(PATTERNS & 0x7C00) != 0x7C00]  # the finite ones


def test_every_finite_half_survives() -> None:
    assert HALVES.size == 2 * 0x7C00
    codes = FL16.encode(FL16.decode(HALVES.view(np.float16)))
    assert codes.dtype == np.float16
    np.testing.assert_array_equal(codes.view(np.uint16), HALVES)


def test_every_half_means_what_ieee_754_says() -> None:
    fraction = (HALVES & 0x3FF).astype(np.float64)
    exponent = (HALVES >> 10 & 0x1F).astype(np.float64)
    size = np.where(
        exponent == 0, fraction * 2.0**-24, (1 + fraction / 1024) * 2.0 ** (exponent - 15)
    )
    meant = np.copysign(size, np.where(HALVES >> 15, -1.0, 1.0)).astype(np.float32)
    np.testing.assert_array_equal(bits(FL16.decode(HALVES.view(np.float16))), bits(meant))


def test_weights_between_two_halves_go_to_the_nearer_and_ties_to_the_even_one() -> None:
    lower = HALVES[: 0x7C00 - 1]
    low = lower.view(np.float16).astype(np.float32)
    high = (lower + np.uint16(1)).view(np.float16).astype(np.float32)
    tie = (low + high) / 2  # exact in float32
    even = np.where(lower % 2 == 0, low, high)
    np.testing.assert_array_equal(FL16.decode(FL16.encode(tie)), even)
    below = np.nextafter(tie, np.float32(0))
    above = np.nextafter(tie, np.float32(np.inf))
    np.testing.assert_array_equal(FL16.decode(FL16.encode(below)), low)
    np.testing.assert_array_equal(FL16.decode(FL16.encode(above)), high)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_weight_that_would_become_infinite_is_refused_and_named(sign: int) -> None:
    w = np.ones((2, 3), dtype=np.float32)
    w[1, 1] = sign * OVERFLOW
    with pytest.raises(SchemeError, match=rf"fl16 cannot store {sign * OVERFLOW} at flat index 4 "):
        FL16.encode(w)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_last_weight_before_that_becomes_the_largest_half(sign: int) -> None:
    last = sign * np.nextafter(np.float32(OVERFLOW), np.float32(0))
    assert FL16.decode(FL16.encode(np.array([last], dtype=np.float32))) == [sign * 65504.0]


@few
@given(w=tensors(largest=65504.0))
def test_the_error_is_at_most_half_a_unit_in_the_last_place(w: Float32Array) -> None:
    error = np.abs(FL16.decode(FL16.encode(w)).astype(np.float64) - w)
    assert (error <= np.maximum(np.abs(w.astype(np.float64)) * 2.0**-11, 2.0**-25)).all()


@few
@given(n=st.integers(0, 40))
def test_it_takes_two_bytes_per_weight(n: int) -> None:
    codes = FL16.encode(np.ones(n, dtype=np.float32))
    assert FL16.nbytes(codes) == 2 * n == codes.nbytes
