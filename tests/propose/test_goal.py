"""By which rule a plan is taken."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mpsearch.propose.goal import UNIFORM, Goal


@dataclass(frozen=True)
class Entry:
    nbytes: int
    bound_pp: float
    harm: float | None = None
    origin: str = "path"


tested = st.builds(
    Entry,
    st.integers(0, 40),
    st.floats(0, 2),
    st.floats(0, 1),
    st.sampled_from(["path", UNIFORM]),
)


def test_the_first_failure_ends_the_sequence() -> None:
    gentle, failing, lucky = Entry(9, 0.5, 0.1), Entry(8, 1.5, 0.2), Entry(7, 0.9, 0.3)
    goal = Goal("mean", 1.0)
    assert goal.best_of([lucky, failing, gentle]) is gentle
    assert goal.best_of([lucky, gentle]) is lucky


def test_a_uniform_plan_that_fails_does_not_end_the_others_sequence() -> None:
    gentle, uniform, small = Entry(9, 0.5, 0.1), Entry(8, 1.5, 0.2, UNIFORM), Entry(7, 0.9, 0.3)
    assert Goal("mean", 1.0).best_of([gentle, uniform, small]) is small


def test_a_uniform_plan_that_passes_is_taken_if_it_is_smaller() -> None:
    path, uniform = Entry(9, 0.5, 0.1), Entry(8, 0.6, 0.2, UNIFORM)
    assert Goal("mean", 1.0).best_of([path, uniform]) is uniform


@given(st.lists(tested, min_size=1))
def test_what_may_be_taken_keeps_the_budget_and_comes_by_size(plans: list[Entry]) -> None:
    ranked = Goal("mean", 1.0).ranked(plans)
    assert all(plan.bound_pp <= 1.0 for plan in ranked)
    assert [plan.nbytes for plan in ranked] == sorted(plan.nbytes for plan in ranked)


@given(st.lists(tested, min_size=1))
def test_within_a_size_the_least_harm_is_taken_and_no_luck(plans: list[Entry]) -> None:
    ranked = Goal("mean", max_nbytes=20).ranked(plans)
    assert all(plan.nbytes <= 20 for plan in ranked)
    assert [plan.harm for plan in ranked] == sorted(plan.harm or 0.0 for plan in ranked)


@given(st.lists(st.builds(Entry, st.integers(0, 40), st.floats(0, 2)), min_size=1))
def test_without_harm_the_smallest_that_keeps_the_budget_is_taken(plans: list[Entry]) -> None:
    goal = Goal("mean", 1.0)
    kept = [plan for plan in plans if plan.bound_pp <= 1.0]
    if kept:
        assert goal.best_of(plans).nbytes == min(plan.nbytes for plan in kept)
