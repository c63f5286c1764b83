"""What measurements say of images searched on, and of those held back."""

from dataclasses import replace

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images
from search_bench import SearchBench

from mpsearch.propose.path.upper_bound import upper_bound
from mpsearch.search.meter import Meter
from mpsearch.values.choices import METRICS, Metric
from mpsearch.values.plan import Plan

BENCH = SearchBench(NumpyNetwork(0, 1.0), images(24))
FIT, HELD = np.arange(0, 24, 3), np.setdiff1d(np.arange(24), np.arange(0, 24, 3))
ROUGH = Plan.uniform(BENCH.menu.layers, "bitwiseAnd_21")


def meter(metric: Metric, sure: float = 0.9) -> Meter:
    return Meter(BENCH.engine, metric, FIT, HELD, sure)


@pytest.mark.parametrize("metric", METRICS)
def test_both_parts_are_as_if_measured_alone(metric: Metric) -> None:
    (measurement,) = BENCH.engine.measure([ROUGH])
    tried = meter(metric).measured(measurement, "path")
    assert tried.unseen is not None
    for rows, drop in ((FIT, tried.drop_pp), (HELD, tried.unseen.drop_pp)):
        before, after = BENCH.engine.baseline, measurement
        falls = 100 * (before.confidence - after.confidence)[rows]
        changed = (before.top1 != after.top1)[rows]
        reference = BENCH.engine.reference[rows]
        lost = (before.top1[rows] == reference).astype(int) - (after.top1[rows] == reference)
        expected = {
            "mean": np.maximum(falls, 0).mean(),
            "net": falls.mean(),
            "max": falls.max(),
            "p95": np.percentile(falls, 95),
            "agreement": 100 * changed.mean(),
            "accuracy": 100 * lost.mean(),
        }[metric]
        assert np.isclose(drop, expected)
    change = measurement.margin - BENCH.engine.baseline.margin
    assert np.isclose(tried.unseen.harm, np.square(change[FIT]).mean())


def test_the_bound_is_of_the_images_held_back() -> None:
    (measurement,) = BENCH.engine.measure([ROUGH])
    falls = 100 * (BENCH.engine.baseline.confidence - measurement.confidence)[HELD]
    for sure in (0.8, 0.95):
        # What a promise allows is shared by the two sequences of tests.
        for origin, share in (("path", 0.75), ("uniform", 0.25)):
            tried = meter("net", sure).measured(measurement, origin)
            level = 1 - (1 - sure) * share
            assert tried.bound_pp == pytest.approx(upper_bound(falls, "net", level))


@pytest.mark.parametrize("metric", METRICS)
def test_the_unchanged_model_loses_nothing_for_sure(metric: Metric) -> None:
    baseline = meter(metric).baseline
    assert baseline.unseen is not None
    assert (baseline.unseen.drop_pp, baseline.bound_pp, baseline.harm) == (0, 0, 0)


def test_answers_of_other_images_are_not_taken() -> None:
    (measurement,) = BENCH.engine.measure([ROUGH])
    tried = meter("mean").measured(measurement, "path")
    assert tried.unseen is not None
    assert meter("mean").judged(replace(tried, confidence=tried.confidence[1:])) is None
    short = replace(tried.unseen, confidence=tried.unseen.confidence[1:])
    assert meter("mean").judged(replace(tried, unseen=short)) is None
    assert meter("mean").judged(replace(tried, unseen=None)) is None


def test_without_classes_only_changes_of_classes_are_unknown() -> None:
    (measurement,) = BENCH.engine.measure([ROUGH])
    known = Meter.of_all(BENCH.engine, "mean").measured(measurement, "path")
    old = replace(known, top1=None)
    assert Meter.of_all(BENCH.engine, "agreement").judged(old) is None
    judged = Meter.of_all(BENCH.engine, "mean").judged(old)
    assert judged is not None
    assert judged.drop_pp == known.drop_pp
