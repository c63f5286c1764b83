"""Bounds of the drop on images that were not measured."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.propose.path.upper_bound import bound_name, fewest_images, share_covered, upper_bound
from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import METRICS, Metric

RANGES: Final[dict[Metric, tuple[float, ...]]] = {
    "mean": (0.0, 0.25, 1.0, 7.0, 40.0, 100.0),
    "net": (-100.0, -3.0, 0.0, 0.5, 2.0, 60.0, 100.0),
    "max": (-5.0, 0.0, 3.0, 100.0),
    "p95": (-5.0, 0.0, 3.0, 100.0),
    "agreement": (0.0, 100.0),
    "accuracy": (-100.0, 0.0, 100.0),
}
cases = st.sampled_from(METRICS).flatmap(
    lambda metric: st.tuples(
        st.just(metric),
        st.lists(st.sampled_from(RANGES[metric]), min_size=2, max_size=60).map(np.array),
        st.booleans(),
    )
)


@given(case=cases, pair=st.tuples(st.floats(0.5, 0.99), st.floats(0.5, 0.99)))
def test_to_be_surer_takes_a_higher_bound(
    case: tuple[Metric, Float64Array, bool], pair: tuple[float, float]
) -> None:
    metric, losses, free = case
    less, more = (upper_bound(losses, metric, sure, free) for sure in sorted(pair))
    assert less <= more + 1e-9


@given(case=cases)
def test_a_bound_is_not_below_what_was_seen(case: tuple[Metric, Float64Array, bool]) -> None:
    metric, losses, free = case
    seen = {"max": losses.max(), "p95": np.percentile(losses, 95, method="lower")}
    # One more lost and one more gained pull an accuracy toward 0.
    if metric != "accuracy" or free:
        assert upper_bound(losses, metric, 0.9, free) >= seen.get(metric, losses.mean()) - 1e-6


@given(
    losses=st.lists(st.sampled_from(RANGES["mean"][:4]), min_size=2, max_size=60).map(np.array),
    metric=st.sampled_from(("net", "max", "p95")),
    more=st.floats(0, 20),
)
def test_if_every_image_loses_more_the_bound_rises_by_it(
    losses: Float64Array, metric: Metric, more: float
) -> None:
    before, after = (upper_bound(x, metric, 0.9) for x in (losses, losses + more))
    assert after == pytest.approx(before + more)


@given(
    losses=st.lists(st.sampled_from(RANGES["mean"][:4]), min_size=2, max_size=60).map(np.array),
    times=st.floats(0.1, 4),
)
def test_if_every_image_loses_so_many_times_as_much_so_does_the_bound(
    losses: Float64Array, times: float
) -> None:
    before, after = (upper_bound(x, "mean", 0.9) for x in (losses, times * losses))
    assert after == pytest.approx(min(100, times * before)) or before == 100


def test_a_single_loss_is_bounded_as_a_single_case_is() -> None:
    losses = np.repeat([20.0, 0.0], [1, 199])
    exact = 20 / 100 * upper_bound(5 * losses, "agreement", 0.9, distribution_free=True)
    assert upper_bound(losses, "mean", 0.9) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(
    ("metric", "free"), [("agreement", False), ("agreement", True), ("accuracy", False)]
)
def test_one_more_image_lost_raises_a_bound_of_counts(metric: Metric, free: bool) -> None:
    bounds = [
        upper_bound(np.repeat([100.0, 0.0], [k, 40 - k]), metric, 0.9, free) for k in range(20)
    ]
    assert bounds == sorted(set(bounds))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("images", [0, 1])
def test_one_image_bounds_nothing(metric: Metric, free: bool, images: int) -> None:
    assert upper_bound(np.zeros(images), metric, 0.9, free) == math.inf


def test_a_percentile_needs_images_beyond_it() -> None:
    assert upper_bound(np.arange(44.0), "p95", 0.9) == math.inf  # 0.95^44 is above a tenth
    assert upper_bound(np.arange(45.0), "p95", 0.9) == 44.0
    assert share_covered(45, 0.9) == pytest.approx(0.95, abs=1e-3)
    assert share_covered(0, 0.9) == 0


SIZE: Final = 60
DRAWS: Final = 250
POPULATIONS: Final[
    dict[str, tuple[Metric, float, Callable[[np.random.Generator], Float64Array]]]
] = {
    "falls": ("mean", 0.5, lambda rng: rng.exponential(0.5, (DRAWS, SIZE))),
    "changes": ("net", 0.2, lambda rng: rng.laplace(0.2, 1.0, (DRAWS, SIZE))),
    "flips": ("agreement", 6.0, lambda rng: np.where(rng.random((DRAWS, SIZE)) < 0.06, 100.0, 0.0)),
    "answers": (
        "accuracy",
        4.0,
        lambda rng: rng.choice([-100.0, 0.0, 100.0], (DRAWS, SIZE), p=[0.04, 0.88, 0.08]),
    ),
    "tails": ("p95", 1.6448536, lambda rng: rng.normal(size=(DRAWS, SIZE))),
}


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("free", [False, True])
def test_about_nine_bounds_of_ten_hold(name: str, free: bool) -> None:
    metric, true, draw = POPULATIONS[name]
    samples = draw(np.random.default_rng(3))
    bounds = np.array([upper_bound(losses, metric, 0.9, free) for losses in samples])
    assert np.mean(bounds >= true) >= (0.9 if free else 0.8)


def test_a_bound_that_assumes_nothing_holds_where_students_does_not() -> None:
    rng = np.random.default_rng(0)
    rare = 100.0 * (rng.random((300, 60)) < 0.01)  # mean 1 pp; more than half of the draws see none
    student, betting = (
        np.mean([upper_bound(losses, "mean", 0.9, free) >= 1.0 for losses in rare])
        for free in (False, True)
    )
    assert student < 0.6
    assert betting >= 0.9


@pytest.mark.parametrize("free", [False, True])
def test_a_thousand_images_leave_little_doubt(free: bool) -> None:
    losses = np.random.default_rng(0).exponential(0.4, 1500)
    assert upper_bound(losses, "mean", 0.9, free) < 0.6
    assert upper_bound(losses - 0.2, "net", 0.9, free) < 0.4


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("free", [False, True])
def test_fewest_images_are_just_enough(metric: Metric, free: bool) -> None:
    for budget in (1.0, 5.0):
        images = fewest_images(budget, metric, 0.9, free)
        assert images is not None
        assert upper_bound(np.zeros(images), metric, 0.9, free) <= budget
        assert upper_bound(np.zeros(images - 1), metric, 0.9, free) > budget


def test_no_number_of_images_keeps_a_budget_of_nothing() -> None:
    assert fewest_images(0.0, "agreement", 0.9) is None


def test_bounds_say_what_they_are() -> None:
    assert bound_name("mean") == "log-scale t, approximate"
    assert bound_name("net", distribution_free=True) == "betting, guaranteed"
    assert len({bound_name(metric, free) for metric in METRICS for free in (False, True)}) >= 6
