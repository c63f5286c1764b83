"""prun_t: weights smaller than t become 0."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes.prune import Prune
from mpsearch.schemes.stream import StreamForm
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

thresholds = st.floats(1e-6, 10.0)


def stored(threshold: float, w: Float32Array) -> Float32Array:
    scheme = Prune(threshold)
    return scheme.decode(scheme.encode(w))


@few
@given(w=tensors(), threshold=thresholds)
def test_weights_below_the_threshold_become_positive_zero_and_others_stay(
    w: Float32Array, threshold: float
) -> None:
    kept = [abs(Fraction(float(weight))) >= Fraction(threshold) for weight in w.flat]
    expected = np.where(np.array(kept, dtype=bool).reshape(w.shape), bits(w), np.uint32(0))
    np.testing.assert_array_equal(bits(stored(threshold, w)), expected)


@pytest.mark.parametrize("threshold", [0.001, 0.003, 0.005, 0.01, 0.1])
def test_the_threshold_is_compared_as_it_is_written_not_rounded_to_float32(
    threshold: float,
) -> None:
    rounded = np.float32(threshold)
    assert float(rounded) != threshold
    neighbours = [np.nextafter(rounded, np.float32(0)), rounded, np.nextafter(rounded, 1)]
    w = np.array(neighbours, dtype=np.float32)
    survives = [float(weight) >= threshold for weight in w]
    assert (stored(threshold, w) != 0).tolist() == survives
    assert (stored(threshold, -w) != 0).tolist() == survives


def test_a_weight_equal_to_the_threshold_stays() -> None:
    w = np.array([0.25, -0.25, np.nextafter(np.float32(0.25), np.float32(0))], dtype=np.float32)
    np.testing.assert_array_equal(stored(0.25, w), [0.25, -0.25, 0.0])


def test_both_zeros_become_positive_zero_under_the_smallest_threshold() -> None:
    w = np.array([-0.0, 0.0, 1e-45, -1e-45], dtype=np.float32)
    np.testing.assert_array_equal(bits(stored(5e-324, w)), [0, 0, 1, 0x80000001])


@few
@given(survivors=st.integers(0, 40), small=st.integers(0, 40))
def test_bytes_are_a_bitmap_and_the_survivors_or_all_weights_where_that_is_less(
    survivors: int, small: int
) -> None:
    w = np.array([1.0] * survivors + [0.01] * small, dtype=np.float32)
    bitmap = np.packbits(w >= 0.1).size
    scheme = Prune(0.1)
    assert scheme.nbytes(scheme.encode(w)) == min(w.nbytes, bitmap + 4 * survivors)


@pytest.mark.parametrize("survivors", [0, 1, 309, 310, 320])
def test_what_is_stored_is_taken_and_a_bitmap_that_saves_nothing_is_not(survivors: int) -> None:
    """Of 320 weights the bitmap takes 40 bytes, as ten weights do."""
    scheme = Prune(0.1)
    w = np.array([1.0] * survivors + [0.01] * (320 - survivors), dtype=np.float32)
    streams = scheme.streams(scheme.encode(w))
    assert len(streams) == (2 if survivors < 310 else 1)
    np.testing.assert_array_equal(scheme.decode(scheme.codes(streams, (320,))), w * (w > 0.1))
    with_bitmap = [StreamForm(1, 320), StreamForm(32, survivors)]
    assert scheme.has_forms(with_bitmap, (320,)) == (survivors < 310)


@few
@given(threshold=thresholds)
def test_a_higher_threshold_never_takes_more_bytes(threshold: float) -> None:
    w = every_exponent()
    low, high = Prune(threshold), Prune(2 * threshold)
    assert high.nbytes(high.encode(w)) <= low.nbytes(low.encode(w))


@pytest.mark.parametrize("threshold", [0.0, -0.5, float("inf"), float("nan")])
def test_a_threshold_that_is_no_positive_number_is_refused(threshold: float) -> None:
    with pytest.raises(SchemeError, match=r"is out of range.*a positive number"):
        Prune(threshold)
