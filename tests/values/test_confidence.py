"""How drops of images become one number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mpsearch.values.choices import METRICS, parse_metric
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.errors import SettingError

drops = hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(-100, 100))


@given(drops)
def test_no_images_rise_pays_for_anothers_fall(some: np.ndarray[tuple[int], np.dtype]) -> None:
    assert aggregate(some, "mean") >= 0
    assert aggregate(some, "mean") >= some.mean() - 1e-12
    assert aggregate(some, "mean") == pytest.approx(np.where(some > 0, some, 0).mean())


@given(drops)
def test_p95_lies_between_the_median_and_the_worst(some: np.ndarray[tuple[int], np.dtype]) -> None:
    assert np.median(some) - 1e-9 <= aggregate(some, "p95") <= aggregate(some, "max") + 1e-9


def test_for_one_image_that_fell_all_metrics_agree() -> None:
    one = drops_pp(np.array([0.9]), np.array([0.85]))
    assert [float(aggregate(one, metric)) for metric in METRICS] == pytest.approx(
        [5.0] * len(METRICS)
    )


def test_it_works_along_the_last_axis() -> None:
    many = np.arange(12.0).reshape(3, 4)
    for metric in METRICS:
        assert aggregate(many, metric).tolist() == [float(aggregate(row, metric)) for row in many]


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(
        SettingError, match="unknown metric 'median'; choose from mean, net, max, p95"
    ):
        parse_metric("median")
