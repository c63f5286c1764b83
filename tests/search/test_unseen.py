"""A search whose budget speaks of images held back, in a real study."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images
from search_bench import FINGERPRINT, SearchBench

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.path.path import costs_of
from mpsearch.propose.path.proposer import PathProposer
from mpsearch.propose.path.uniform import UniformSequence
from mpsearch.search.meter import Meter
from mpsearch.search.run import Searched, run_search
from mpsearch.search.run_terms import Limits, RunTerms
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.study.trials import read_trials

SCHEMES = ("original", "fl16", *(f"bitwiseAnd_{k}" for k in range(12, 23)))
BENCH = SearchBench(NumpyNetwork(0, 1.5), images(40), SCHEMES)
FIT, HELD = np.arange(0, 40, 4), np.setdiff1d(np.arange(40), np.arange(0, 40, 4))
BUDGET = Goal("mean", 1.0)


def search(folder: Path, goal: Goal = BUDGET, trials: int | None = None) -> Searched:
    """Search, or go on."""
    meter = Meter(BENCH.engine, goal.metric, FIT, HELD)
    cells = BENCH.screen(goal).around(None, BENCH.engine.baseline.margin)
    some = type(cells)(
        cells.metric,
        cells.confidence[FIT],
        cells.margin[FIT],
        tuple(change[:, FIT] for change in cells.change),
        cells.perturbation,
        cells.measured,
    )
    name = f"study-{goal.kind}"
    identity = Identity(FINGERPRINT, BENCH.menu, goal, held="h", sure=0.9)
    store = StudyStore.open(sqlite_url(folder / "study.db"), name, identity)
    try:
        terms = RunTerms(
            limits=Limits(trials),
            measured=store.known_elsewhere(meter.judged),
            uniform=UniformSequence(BENCH.menu, lambda: costs_of(some), goal, trials),
        )
        proposer = PathProposer(BENCH.menu, goal, lambda: some)
        return run_search(meter, BENCH.menu, store, proposer, terms)
    finally:
        store.close()


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Searched]:
    folder = tmp_path_factory.mktemp("unseen")
    return folder, search(folder)


def test_the_plan_passes_and_what_was_tested_gentler_passes_too(
    searched: tuple[Path, Searched],
) -> None:
    history = searched[1].history
    best = history.best
    assert best is not None
    assert best.nbytes < BENCH.engine.bank.original_nbytes
    assert best.bound_pp <= 1.0
    path = [tried for tried in history.front if tried.origin != "uniform"]
    gentler = [tried for tried in path if (tried.harm or 0.0) < (best.harm or 0.0)]
    assert all(tried.bound_pp <= 1.0 for tried in gentler)


def test_it_is_not_larger_than_the_best_uniform_plan(searched: tuple[Path, Searched]) -> None:
    history = searched[1].history
    uniform = History(history.goal, searched[1].uniform).best
    assert history.best is not None
    assert uniform is None or history.best.nbytes <= uniform.nbytes


def test_few_plans_are_measured(searched: tuple[Path, Searched]) -> None:
    assert len(searched[1].history) <= 24
    assert searched[1].stopped == "done"


def same(first: Tried, second: Tried) -> bool:
    """All that was measured, to the bit."""
    assert first.unseen is not None
    assert second.unseen is not None
    assert first.top1 is not None
    assert second.top1 is not None
    return (
        (first.plan, first.nbytes, first.drop_pp, first.origin)
        == (second.plan, second.nbytes, second.drop_pp, second.origin)
        and np.array_equal(first.top1, second.top1)
        and np.array_equal(first.unseen.confidence, second.unseen.confidence)
        and np.array_equal(first.unseen.top1, second.unseen.top1)
        and (first.bound_pp, first.harm) == (second.bound_pp, second.harm)
    )


def test_what_was_written_is_read_back(searched: tuple[Path, Searched]) -> None:
    folder, result = searched
    again = search(folder)
    assert len(again.history) == len(result.history)
    assert all(map(same, again.history.tried, result.history.tried))


@pytest.mark.parametrize("cut", [1, 2, 4, 7])
def test_a_search_that_was_cut_goes_on_as_if_it_was_not(
    searched: tuple[Path, Searched], tmp_path: Path, cut: int
) -> None:
    whole = [tried.plan for tried in searched[1].history.tried]
    if cut < 3:  # with so few trials none is kept for a uniform plan
        assert [tried.plan for tried in search(tmp_path, trials=cut).history.tried] == whole[:cut]
    else:
        search(tmp_path, trials=cut)
    plans = {tried.plan for tried in search(tmp_path).history.tried}
    assert set(whole) <= plans


def test_another_budget_measures_nothing_twice(searched: tuple[Path, Searched]) -> None:
    folder, result = searched
    known = {tried.plan for tried in result.history.tried}
    # A front is another study of the same images in the same storage.
    front = search(folder, Goal("mean")).history
    again = [tried for tried in front.tried if tried.plan in known]
    assert again
    assert all(tried.stage_runs == 0 for tried in again)


def test_a_front_chooses_by_the_sequence_of_tests(searched: tuple[Path, Searched]) -> None:
    history = search(searched[0], Goal("mean")).history
    sizes = []
    for budget in (0.1, 0.5, 2.0, 10.0):
        best = History(Goal("mean", budget), history.tried).best
        assert best is not None
        assert best.bound_pp <= budget
        sizes.append(best.nbytes)
    assert sizes == sorted(sizes, reverse=True)
    assert [tried.nbytes for tried in history.front] == sorted(t.nbytes for t in history.front)


def test_within_a_size_one_plan_is_proposed(tmp_path: Path) -> None:
    limit = int(0.5 * BENCH.engine.bank.original_nbytes)
    history = search(tmp_path, Goal("mean", max_nbytes=limit)).history
    assert history.best is not None
    assert history.best.nbytes <= limit
    assert sum(tried.origin == "path" for tried in history.tried) == 1


def test_reports_read_the_bound(searched: tuple[Path, Searched]) -> None:
    folder, result = searched
    trials = read_trials(sqlite_url(folder / "study.db"), "study-budget")
    assert trials is not None
    assert trials.sure == 0.9
    best = result.history.best
    assert best is not None
    assert trials.goal.best_of(trials.trials).plan == best.plan
    for trial, tried in zip(trials.trials, result.history.tried, strict=True):
        assert (trial.drop_pp, trial.bound_pp) == (tried.judged_pp, tried.bound_pp)


@pytest.mark.parametrize("attribute", ["unseen_confidence", "unseen_pp", "harm", "top1"])
def test_a_damaged_measurement_of_unseen_images_is_left_out(tmp_path: Path, attribute: str) -> None:
    count = len(search(tmp_path).history)
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute(
            "UPDATE trial_user_attributes SET value_json = replace(value_json, '1', '2') "
            "WHERE key = ? AND trial_id = (SELECT max(trial_id) FROM trial_user_attributes "
            "WHERE key = 'harm')",
            (attribute,),
        )
        assert database.total_changes == 1
    trials = read_trials(sqlite_url(tmp_path / "study.db"), "study-budget")
    assert trials is not None
    assert len(trials.trials) == count - 1
    assert trials.damage
