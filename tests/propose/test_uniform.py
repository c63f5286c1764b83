"""A limit of trials holds for all plans together, and uniform plans get a fair part of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_network import NumpyNetwork, images
from search_bench import SCHEMES, SearchBench, hard_bench

from mpsearch.propose.goal import UNIFORM, Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.uniform import UniformPlans
from mpsearch.values.choices import SAMPLERS, Sampler
from mpsearch.values.plan import Plan

LONG = ("original", "fl16", *(f"bitwiseAnd_{k}" for k in range(12, 23)), "fix8")


class KilledError(Exception):
    """The process died."""


OTHERS = tuple(kind for kind in SAMPLERS if kind != "brute")


def long_bench() -> SearchBench:
    """A menu of which the uniform plans alone are more than the trials."""
    return SearchBench(NumpyNetwork(1, 2.5), images(3), LONG)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_study_has_as_many_trials_as_were_asked_for(tmp_path: Path, kind: Sampler) -> None:
    for trials in (1, 2, 5, 12):
        searched = long_bench().search(tmp_path / str(trials), 1.0, kind=kind, trials=trials)
        assert len(searched.history) == trials
        best = searched.history.best
        assert best is not None
        kept = [one.nbytes for one in searched.uniform if one.drop_pp <= 1.0]
        assert best.nbytes <= min(kept)
    origins = [one.origin for one in searched.history.tried]
    assert 0 < origins.count(UNIFORM) < 6


@pytest.mark.parametrize("trials", [2, 6])
def test_brute_and_other_questions_keep_to_it(tmp_path: Path, trials: int) -> None:
    bench = hard_bench()
    assert len(bench.search(tmp_path, 1.0, kind="brute", trials=trials).history) == trials
    front = bench.search(tmp_path, None, trials=trials, name="front")
    assert len(front.history) == trials
    limit = bench.engine.baseline.nbytes // 2
    sized = bench.search(tmp_path, max_nbytes=limit, trials=trials, name="size").history
    assert len(sized) == trials
    assert sized.best is not None
    assert sized.best.nbytes <= limit


@pytest.mark.parametrize("kind", ["surrogate", "random"])
def test_more_trials_later_are_added_to_those_there(tmp_path: Path, kind: Sampler) -> None:
    first = long_bench().search(tmp_path, 1.0, kind=kind, trials=12).history
    second = long_bench().search(tmp_path, 1.0, kind=kind, trials=20).history
    assert [one.plan for one in second.tried[:12]] == [one.plan for one in first.tried]
    assert len(second) <= 20
    if kind == "random":
        assert len(second) == 20
    fewer = long_bench().search(tmp_path, 1.0, kind=kind, trials=4).history
    assert [one.plan for one in fewer.tried] == [one.plan for one in second.tried]


@pytest.mark.parametrize("kind", ["surrogate", "tpe"])
def test_killed_anywhere_it_is_the_same_search(tmp_path: Path, kind: Sampler) -> None:
    whole = long_bench().search(tmp_path / "whole", 1.0, kind=kind, trials=11).history
    for after in (2, 4, 3):
        bench = long_bench()
        bench.before_each(partial(_die, iter(range(after))))
        with pytest.raises(KilledError):
            bench.search(tmp_path / "parts", 1.0, kind=kind, trials=11)
    parts = long_bench().search(tmp_path / "parts", 1.0, kind=kind, trials=11).history
    assert [one.plan for one in parts.tried] == [one.plan for one in whole.tried]


def _die(left: Iterator[int], _: object) -> None:
    if next(left, None) is None:
        raise KilledError


def test_plans_known_from_elsewhere_are_trials_like_others(tmp_path: Path) -> None:
    long_bench().search(tmp_path, 1.0, trials=20, name="before")
    history = long_bench().search(tmp_path, 2.0, trials=9).history
    assert len(history) == 9
    assert any(one.stage_runs == 0 for one in history.tried[1:])


def test_several_processes_keep_to_it_together(tmp_path: Path) -> None:
    def search(bench: SearchBench) -> History:
        return bench.search(tmp_path, 1.0, kind="random", trials=12).history

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(search, [long_bench() for _ in range(3)]))
    assert max(map(len, found)) == 12
    assert len(long_bench().search(tmp_path, 1.0, kind="random", trials=12).history) == 12


def _tried(plan: Plan, nbytes: int, drop_pp: float) -> Tried:
    return Tried(plan, nbytes, drop_pp, np.zeros(1), np.zeros(1), UNIFORM, 1)


@given(count=st.integers(1, 40), border=st.integers(0, 40), trials=st.integers(1, 90))
def test_where_larger_plans_drop_less_the_best_uniform_plan_is_found(
    count: int, border: int, trials: int
) -> None:
    """Whatever the trials, if they are more than the halvings twice over."""
    sizes = {Plan(("a",), (f"s{i:02}",)): 10 * i for i in range(count)}
    uniform = UniformPlans(sizes, Goal("mean", 1.0), trials)
    history = History(Goal("mean", 1.0))
    while uniform.reserved(history):
        plan = uniform.next_reserved(history)
        assert plan not in history
        history.add(_tried(plan, sizes[plan], 0.0 if sizes[plan] >= 10 * border else 2.0))
    assert len(history) <= (trials - 1) // 2
    if trials > 2 * count.bit_length() and border < count:
        assert history.best is not None
        assert history.best.nbytes == 10 * border
        assert uniform.looked_at(history)[-1].drop_pp == 0.0


def test_without_a_limit_none_is_reserved_and_all_below_the_best_come_last() -> None:
    sizes = {Plan(("a",), (f"s{i}",)): i for i in range(6)}
    uniform = UniformPlans(sizes, Goal("mean", 1.0), None)
    history = History(Goal("mean", 1.0))
    assert uniform.reserved(history) == 0
    while (plan := uniform.next_of_rest(history)) is not None:
        history.add(_tried(plan, sizes[plan], 4.0 - sizes[plan]))
    assert [one.nbytes for one in history.tried] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [(Goal("mean", None, 11), {11, 10, 9, 8}), (Goal("mean"), {1, 5, 9, 13})],
)
def test_without_a_budget_few_are_the_largest_or_spread(goal: Goal, expected: set[int]) -> None:
    sizes = {Plan(("a",), (f"s{i:02}",)): i for i in range(15)}
    uniform, history = UniformPlans(sizes, goal, 11), History(goal)
    while uniform.reserved(history):
        plan = uniform.next_reserved(history)
        history.add(_tried(plan, sizes[plan], 1.0))
    assert {one.nbytes for one in history.tried} == expected


def test_a_short_menu_is_looked_through_whole(tmp_path: Path) -> None:
    searched = SearchBench(NumpyNetwork(3, 1.0), images(3), SCHEMES).search(
        tmp_path, 1.0, kind="random", trials=12
    )
    assert len(searched.history) == 12
    assert searched.uniform[-1].drop_pp <= 1.0
    assert len({one.nbytes for one in searched.uniform}) == len(searched.uniform)
