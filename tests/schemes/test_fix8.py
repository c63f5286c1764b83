"""fix8: sign, one integer bit, six fraction bits."""

import numpy as np
import pytest
from hypothesis import given
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes.fix8 import LARGEST, STEP, Fix8
from mpsearch.values.arrays import Float32Array

FIX8 = Fix8()
END = LARGEST * STEP


def test_the_step_and_the_range_are_those_of_six_fraction_bits_and_one_integer_bit() -> None:
    assert STEP == 1 / 64
    assert END == 1.984375


def test_all_256_codes_come_back() -> None:
    codes = np.arange(256, dtype=np.uint8)
    again = FIX8.encode(FIX8.decode(codes))
    np.testing.assert_array_equal(again, codes)
    assert again.dtype == np.uint8


def test_all_256_codes_mean_different_weights() -> None:
    assert len(set(bits(FIX8.decode(np.arange(256, dtype=np.uint8))).tolist())) == 256


@few
@given(w=tensors(largest=END))
def test_the_error_is_below_one_step_inside_the_range(w: Float32Array) -> None:
    error = np.abs(FIX8.decode(FIX8.encode(w)).astype(np.float64) - w)
    assert error.max(initial=0.0) < STEP


@few
@given(w=tensors())
def test_codes_are_sign_and_truncated_magnitude(w: Float32Array) -> None:
    exact = np.minimum(np.floor(np.abs(w.astype(np.float64)) * 64), 127)
    np.testing.assert_array_equal(FIX8.encode(w), np.signbit(w) * 128 + exact)


def test_codes_are_sign_and_truncated_magnitude_at_any_exponent() -> None:
    w = every_exponent()
    exact = np.minimum(np.floor(np.abs(w.astype(np.float64)) * 64), 127)
    np.testing.assert_array_equal(FIX8.encode(w), np.signbit(w) * 128 + exact)


@pytest.mark.parametrize("weight", [END, 2.0, 100.0, float(np.finfo(np.float32).max)])
def test_weights_beyond_the_range_become_its_end(weight: float) -> None:
    w = np.array([weight, -weight], dtype=np.float32)
    np.testing.assert_array_equal(FIX8.decode(FIX8.encode(w)), [END, -END])


def test_weights_that_vanish_keep_their_sign() -> None:
    w = np.array([-0.0, 0.0, -0.001, 0.001, -1e-45], dtype=np.float32)
    decoded = FIX8.decode(FIX8.encode(w))
    assert not decoded.any()
    assert np.signbit(decoded).tolist() == [True, False, True, False, True]


@few
@given(w=tensors())
def test_it_takes_one_byte_per_weight(w: Float32Array) -> None:
    codes = FIX8.encode(w)
    assert FIX8.nbytes(codes) == w.size == codes.nbytes
