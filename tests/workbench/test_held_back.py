"""What held-back images say of a plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.values.choices import METRICS, Metric
from mpsearch.workbench.held_back import bootstrap_interval, compare, held_back


@given(st.integers(1, 300), st.floats(0, 0.999))
def test_held_back_images_are_a_share_spread_evenly(images: int, share: float) -> None:
    back = held_back(images, share)
    assert len(back) == min(int(images * share + 1e-9), images - 1)
    assert len(set(back.tolist())) == len(back)
    if len(back):
        assert back.min() >= 0
        assert back.max() < images
        gaps = np.diff(np.concatenate([[-1], back, [images]]))
        assert gaps.max() <= 2 * images / len(back) + 1


def test_a_third_of_the_bundled_digits_has_every_class() -> None:
    back = held_back(60, 1 / 3)
    assert len(back) == 20


@pytest.mark.parametrize("metric", METRICS)
def test_the_interval_holds_the_drop_and_narrows_with_more_images(metric: Metric) -> None:
    drops = np.random.default_rng(0).exponential(1.0, 400)
    few, many = bootstrap_interval(drops[:16], metric), bootstrap_interval(drops, metric)
    assert few[0] <= few[1]
    assert bootstrap_interval(drops[:16], metric) == few  # the same for the same images
    if metric == "mean":
        assert few[0] < drops[:16].mean() < few[1]
        assert many[1] - many[0] < few[1] - few[0]
    assert bootstrap_interval(drops[:1], metric) == pytest.approx((drops[0], drops[0]))


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        low, high = bootstrap_interval(rng.exponential(1.0, 64), "mean")
        inside += low <= 1.0 <= high
    assert 0.88 <= inside / 200 <= 0.99


def test_two_models_are_compared_image_by_image() -> None:
    before = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    after = np.array([[0.8, 0.2], [0.3, 0.7], [0.45, 0.55]], dtype=np.float32)
    found = compare(before, after, np.array([0, 1, 0]), "mean", ["a", "b", "c"])
    assert found.images == 3
    assert found.drop_pp == pytest.approx(100 * (0.1 + 0.1 + 0.15) / 3, abs=1e-4)
    assert found.worst_pp == pytest.approx(15, abs=1e-4)
    assert found.worst_image == "c"
    assert found.top1_changes == 1


def test_rises_count_in_the_signed_mean_only() -> None:
    before = np.array([[0.5, 0.5], [0.9, 0.1]], dtype=np.float32)
    after = np.array([[0.9, 0.1], [0.8, 0.2]], dtype=np.float32)
    found = compare(before, after, np.array([0, 0]), "mean", ["a", "b"])
    assert found.drop_pp == pytest.approx(5, abs=1e-4)
    assert found.signed_pp == pytest.approx(-15, abs=1e-4)
