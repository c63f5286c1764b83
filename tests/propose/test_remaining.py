"""Plans left, as a search foresees them, against those it then measured."""

from pathlib import Path

import pytest
from numpy_network import NumpyNetwork, images
from search_bench import SearchBench

import mpsearch
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History
from mpsearch.propose.remaining import Remaining
from mpsearch.values.progress import Silent, Work


class Listener(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Work] = []

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        if work is not None:
            self.told.append(work)


@pytest.mark.tf
@pytest.mark.parametrize("budget", [pytest.param(0.5, marks=pytest.mark.long), 2.0])
def test_after_a_fifth_it_is_right_within_a_factor_of_two(tmp_path: Path, budget: float) -> None:
    listener = Listener()
    bench = mpsearch.load("bundled:digits")
    total = mpsearch.find_plan(
        bench, budget_pp=budget, budget_on="search", folder=tmp_path, progress=listener
    ).trials
    told = [work for work in listener.told if 0.2 * total <= work.done <= 0.7 * total]
    assert len(told) > 10
    for work in told:
        assert 0.5 <= work.left / (total - work.done) <= 2, (work, total)


def test_a_limit_of_trials_is_what_is_expected_at_most(tmp_path: Path) -> None:
    listener = Listener()
    bench = SearchBench(NumpyNetwork(0, 1.0), images(4))
    bench.search(tmp_path, 1.0, trials=12, progress=listener)
    assert all(work.done + work.left <= 12 for work in listener.told)


def test_without_a_word_of_the_proposer_it_is_the_limit() -> None:
    bench = SearchBench(NumpyNetwork(0, 1.0), images(2))
    history = History(Goal("mean", 1.0), [])
    unlimited = Remaining(bench.menu, history, None, None)
    unlimited.foresee(None)
    assert unlimited.work() is None
    limited = Remaining(bench.menu, history, 30, None)
    limited.foresee(None)
    assert limited.work() == Work(0, 30)
