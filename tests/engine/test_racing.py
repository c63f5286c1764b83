"""A plan is given up only when that is proven, and what is not given up is measured in full."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_network import NumpyNetwork, images

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.racing import is_proven_above, pieces
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.values.choices import METRICS, Metric
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.plan import Plan

MENU = ("original", "bitwiseAnd_20", "bitwiseAnd_22", "fl16", "fix8")
NAMES = tuple(layer.name for layer in NumpyNetwork().layers)
IMAGES = 13

plans = st.lists(
    st.builds(Plan, st.just(NAMES), st.tuples(*[st.sampled_from(MENU)] * len(NAMES))),
    min_size=1,
    max_size=8,
)


def make_engine(memory: int = 2**24) -> tuple[NumpyNetwork, Engine]:
    network = NumpyNetwork()
    return network, Engine.of(network, WeightBank(network, memory), images(IMAGES), None, memory)


@given(plans, st.sampled_from(METRICS), st.floats(0.0, 20.0), st.sampled_from([1, 5_000, 2**24]))
def test_racing_gives_up_only_what_is_above_the_limit(
    some: list[Plan], metric: Metric, limit: float, memory: int
) -> None:
    _, judge = make_engine()
    _, engine = make_engine(memory)
    raced = engine.measure(some, stop_above=limit, metric=metric)
    for full, one in zip(judge.measure(some), raced, strict=True):
        drop = float(aggregate(drops_pp(judge.baseline.confidence, full.confidence), metric))
        if one.complete:
            np.testing.assert_allclose(one.confidence, full.confidence, atol=5e-6, rtol=0)
            np.testing.assert_array_equal(one.top_classes, full.top_classes)
        else:
            assert drop > limit - 1e-3
            ran = np.isfinite(one.confidence)
            assert 0 < np.count_nonzero(ran) < IMAGES or memory == 1
            np.testing.assert_allclose(one.confidence[ran], full.confidence[ran], atol=5e-6, rtol=0)
            assert (one.top_classes[~ran] == -1).all()


def test_a_plan_that_is_given_up_costs_less() -> None:
    network, engine = make_engine()
    worst = Plan.uniform(NAMES, "fix8")
    before = network.rows_run
    (given_up,) = engine.measure([worst], stop_above=0.0, metric="max")
    assert not given_up.complete
    assert network.rows_run - before < IMAGES * len(network.stages)
    assert given_up.stage_runs == network.rows_run - before
    (full,) = engine.measure([worst])
    assert full.complete


@given(st.integers(1, 200))
def test_pieces_cover_every_image_once(count: int) -> None:
    covered = [i for piece in pieces(count) for i in range(piece.start, piece.stop)]
    assert covered == list(range(count))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12),
    st.data(),
    st.sampled_from(METRICS),
    st.floats(0, 50),
)
def test_what_is_proven_from_some_images_holds_for_all(
    pairs: list[tuple[float, float]], data: st.DataObject, metric: Metric, limit: float
) -> None:
    baseline, confidence = (np.array(column) for column in zip(*pairs, strict=True))
    hidden = confidence.copy()
    hidden[data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))] = np.nan
    if is_proven_above(baseline, hidden, metric, limit):
        assert float(aggregate(drops_pp(baseline, confidence), metric)) > limit


def test_all_images_decide() -> None:
    baseline, confidence = np.array([0.9, 0.8]), np.array([0.7, 0.9])
    assert is_proven_above(baseline, confidence, "mean", 9.9)
    assert not is_proven_above(baseline, confidence, "mean", 10.1)
    assert not is_proven_above(baseline, np.array([np.nan, np.nan]), "max", 0.0)


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_is_given_up_below_the_limit(metric: Metric) -> None:
    _, engine = make_engine()
    for one in engine.measure(
        [Plan.uniform(NAMES, s) for s in MENU], stop_above=100, metric=metric
    ):
        assert one.complete
