"""Small floats with a scale per output channel."""

import ml_dtypes
import numpy as np
import pytest

from mpsearch.schemes.small_float import FORMATS, SmallFloat


@pytest.mark.parametrize("name", FORMATS)
def test_levels_are_the_formats_values_below_2(name: str) -> None:
    scheme = SmallFloat(name)
    values = scheme.levels[np.isfinite(scheme.levels)]
    assert 1 <= values.max() == scheme.largest < 2
    assert scheme.width == 1 + int(name[1]) + int(name[3])
    top = float(ml_dtypes.finfo(FORMATS[name]).max)  # type: ignore[no-untyped-call]
    np.testing.assert_array_equal(
        values * np.float32(top / scheme.largest),
        np.arange(2**scheme.width, dtype=np.uint8)
        .view(FORMATS[name])
        .astype(np.float32)[np.isfinite(scheme.levels)],
    )


@pytest.mark.parametrize("name", FORMATS)
def test_rounding_goes_to_the_level_of_the_nearest_code_ties_to_even(name: str) -> None:
    scheme = SmallFloat(name)
    levels = np.unique(scheme.levels[np.isfinite(scheme.levels)])
    middles = (levels[1:] + levels[:-1]) / 2
    rng = np.random.default_rng(0)
    ratios = np.concatenate([levels, middles, rng.normal(0, 0.5, 5000), rng.normal(0, 1e-3, 5000)])
    ratios = ratios.astype(np.float32)
    codes = scheme._nearest(ratios.copy())
    np.testing.assert_array_equal(scheme._rounded(ratios.copy()), scheme.levels[codes])
    assert not (codes[len(levels) : len(levels) + len(middles)] & 1).any()


def test_it_keeps_small_weights_that_integers_lose() -> None:
    w = np.array([[1.0, 0.02, -0.003]], np.float32).T
    np.testing.assert_allclose(SmallFloat("e5m2").apply(w), w, rtol=0.13)
