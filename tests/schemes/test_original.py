"""original: float32 as it is."""

import numpy as np
from hypothesis import given
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes.original import Original
from mpsearch.values.arrays import Float32Array

ORIGINAL = Original()


def test_no_bit_changes_at_any_exponent() -> None:
    w = every_exponent()
    np.testing.assert_array_equal(bits(ORIGINAL.decode(ORIGINAL.encode(w))), bits(w))


@few
@given(w=tensors())
def test_it_takes_four_bytes_per_weight_and_changes_none(w: Float32Array) -> None:
    codes = ORIGINAL.encode(w)
    assert ORIGINAL.nbytes(codes) == w.nbytes
    np.testing.assert_array_equal(bits(ORIGINAL.decode(codes)), bits(w))
