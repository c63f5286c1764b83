"""Searches for which derivatives cannot be had."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images
from search_bench import FINGERPRINT, SCHEMES, SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.propose.goal import Goal
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.screen import Screen, ScreenListener
from mpsearch.sensitivity.measure import empty_profile, measure_profile
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.values.choices import Metric
from mpsearch.values.errors import GradientsLost
from mpsearch.values.plan import Plan

MANY = (*SCHEMES, "bitwiseAnd_17", "bitwiseAnd_22", "int4c", "int6c")


class Derived:
    """Answers twice, and never again."""

    answers = 2

    def margin_gradients(self, *args: Any) -> Any:
        self.answers -= 1
        if self.answers < 0:
            raise GradientsLost("the process that computes them was killed by SIGSEGV 2 times")
        return super().margin_gradients(*args)  # type: ignore[misc]


class Small(Derived, NumpyNetwork):
    pass


class Trained(Derived, TrainedNetwork):
    pass


def trained_bench(rules: Rules | None = None) -> SearchBench:
    x, _ = digits()
    return SearchBench(Trained((24, 16, 12), 1), x[::200][:8], MANY, rules)


def screen_of(bench: SearchBench, notes: list[str], metric: Metric = "mean") -> Screen:
    listener = ScreenListener(on_note=notes.append)
    return Screen(bench.engine, bench.network, bench.inputs, bench.menu, metric, listener=listener)


def optimum(bench: SearchBench, folder: Path, budget_pp: float) -> int:
    best = bench.search(folder, budget_pp, kind="brute", trials=None, name="brute").history.best
    assert best is not None
    return best.nbytes


@pytest.mark.parametrize(("seed", "budget_pp", "answers"), [(0, 0.3, 0), (1, 1.0, 0), (1, 0.3, 4)])
def test_the_smallest_plan_is_found(
    tmp_path: Path, seed: int, budget_pp: float, answers: int
) -> None:
    """With four answers, derivatives are lost when the search is under way."""
    network = Small(seed)
    network.answers = answers
    bench = SearchBench(network, images(3))
    best = bench.search(tmp_path, budget_pp, trials=None).history.best
    assert best is not None
    assert network.answers < 0
    assert best.nbytes <= 1.01 * optimum(bench, tmp_path, budget_pp)


@pytest.mark.parametrize("budget_pp", [1.0])
def test_the_smallest_plan_of_a_trained_network_is_found(tmp_path: Path, budget_pp: float) -> None:
    bench = trained_bench()
    best = bench.search(tmp_path, budget_pp, trials=None).history.best
    assert best is not None
    assert best.nbytes <= 1.01 * optimum(bench, tmp_path, budget_pp)


def test_a_search_is_the_same_each_time(tmp_path: Path) -> None:
    plans = []
    for name in ("one", "other"):
        history = trained_bench().search(tmp_path, 1.0, name=name).history
        plans.append([tried.plan for tried in history.tried])
    assert plans[0] == plans[1]


def test_measured_changes_are_what_measuring_says_and_the_others_lie_between() -> None:
    bench, notes = trained_bench(), list[str]()
    network, menu, engine = bench.network, bench.menu, bench.engine
    network.answers = 0
    screen = screen_of(bench, notes)
    cells = screen.around(None, engine.baseline.margin)
    assert len(notes) == 1
    assert "killed by SIGSEGV 2 times" in notes[0]
    assert not screen.has_gradients
    assert screen.passes == 0
    assert 0 < screen.measurements <= 4 * len(menu.schemes)
    original = Plan.uniform(menu.layers, "original")
    for variable, layer in enumerate(menu.layers):
        change, known = cells.change[variable], cells.measured[variable]
        reach = cells.perturbation[variable]
        assert known.sum() >= 4
        for option, scheme in enumerate(menu.schemes[variable]):
            if known[option]:
                (one,) = engine.measure([original.replace(layer, scheme)])
                seen = one.margin - engine.baseline.margin
                np.testing.assert_allclose(change[option], seen, atol=1e-6)
            else:
                gentler = change[known & (reach <= reach[option])]
                harsher = change[known & (reach >= reach[option])]
                bounds = np.concatenate([gentler, harsher])
                assert (change[option] <= bounds.max(axis=0) + 1e-9).all()
                assert (change[option] >= bounds.min(axis=0) - 1e-9).all()


def test_around_a_plan_its_own_choices_change_nothing() -> None:
    bench, notes = trained_bench(), list[str]()
    bench.network.answers = 0
    screen = screen_of(bench, notes)
    centre = bench.menu.smallest
    (one,) = bench.engine.measure([bench.menu.plan(centre)])
    cells = screen.around(centre, one.margin)
    for variable, here in enumerate(centre):
        assert not cells.change[variable][here].any()
        assert cells.perturbation[variable][here] == 0
        assert cells.measured[variable].sum() == 1
    before = screen.measurements
    screen.around(None, bench.engine.baseline.margin)
    assert screen.measurements == before  # one screening serves all plans
    assert len(notes) == 1


def test_layers_that_are_locked_and_tied_are_screened_together() -> None:
    names = [layer.name for layer in trained_bench().engine.layers]
    rules = Rules(lock={names[0]: "fix8"}, tie=(f"{names[1]}", f"{names[2]}"))
    bench, notes = trained_bench(rules), list[str]()
    bench.network.answers = 0
    screen = screen_of(bench, notes)
    cells = screen.around(None, bench.engine.baseline.margin)
    assert [len(table) for table in cells.change] == list(map(len, bench.menu.schemes))
    assert all(np.isfinite(table).all() for table in cells.change)


def test_what_a_profile_knows_is_not_measured_again() -> None:
    bench = trained_bench()
    bench.network.answers = 0
    empty = empty_profile(bench.engine, MANY, tuple("abcdefgh"), {})
    notes: list[str] = []
    profile = measure_profile(
        bench.engine, bench.network, bench.inputs, empty, on_note=notes.append
    )
    assert not profile.predicted
    assert len(notes) == 1
    assert notes[0].startswith("first-order predictions are left out: the process")
    screen = Screen(bench.engine, bench.network, bench.inputs, bench.menu, "mean", profile)
    cells = screen.around(None, bench.engine.baseline.margin)
    assert screen.measurements == 0
    assert all(known.all() for known in cells.measured)


def test_a_study_remembers_that_it_goes_on_without(tmp_path: Path) -> None:
    bench, goal = trained_bench(), Goal("mean", 1.0)
    for before, after in ((False, True), (True, True)):
        url = sqlite_url(tmp_path / "study.db")
        store = StudyStore.open(url, "s", Identity(FINGERPRINT, bench.menu, goal))
        try:
            assert store.screens_by_measurement == before
            store.screen_by_measurement()
            assert store.screens_by_measurement == after
        finally:
            store.close()
