"""The smallest and the largest weight."""

import math

import numpy as np
import pytest
from hypothesis import given
from weight_arrays import few, tensors

from mpsearch.schemes.extremes import Extremes, extremes
from mpsearch.values.arrays import Float32Array


@few
@given(w=tensors(least=1))
def test_every_weight_lies_between_them(w: Float32Array) -> None:
    found = extremes(w)
    assert (found.smallest, found.largest) == (w.min(), w.max())
    assert found.within(math.inf)
    assert not found.within(float(np.abs(w).max()))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_bad_weight_is_enough(bad: float) -> None:
    assert not extremes(np.array([1, bad, 2], np.float32)).within(math.inf)


def test_nothing_fits_anywhere() -> None:
    assert extremes(np.zeros((0, 3), np.float32)) == Extremes(0.0, 0.0)
