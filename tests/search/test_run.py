"""The search's promises, on a network of plain numpy and a real SQLite study."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy_network import NumpyNetwork, images
from search_bench import FINGERPRINT, SCHEMES, SearchBench, hard_bench
from trained_network import TrainedNetwork, digits, every_choice

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.neighbours import improving_changes, is_one_change_optimal
from mpsearch.propose.surrogate.candidates import uniform_choices
from mpsearch.search.campaign import OF_MARGINS
from mpsearch.study.identity import Identity
from mpsearch.study.study import StudyStore
from mpsearch.values.choices import SAMPLERS, Metric, Sampler
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.errors import SettingError
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan


def make_bench(
    seed: int = 0, count: int = 3, schemes: tuple[str, ...] = SCHEMES, scale: float = 1.0
) -> SearchBench:
    return SearchBench(NumpyNetwork(seed, scale), images(count), schemes)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 5),
    scale=st.sampled_from([0.3, 1.0, 3.0]),
    budget_pp=st.sampled_from([0.0, 0.1, 1.0, 5.0, 30.0]),
    metric=st.sampled_from(OF_MARGINS),
    with_original=st.booleans(),
)
def test_whatever_the_network_the_result_is_sound(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    count: int,
    scale: float,
    budget_pp: float,
    metric: Metric,
    with_original: bool,
) -> None:
    bench = make_bench(seed, count, SCHEMES if with_original else SCHEMES[1:], scale)
    searched = bench.search(tmp_path_factory.mktemp("s"), budget_pp, metric=metric, trials=15)
    best, nearest = searched.history.best, searched.history.nearest
    assert nearest is not None  # something is always returned
    uniform = bench.engine.measure([bench.menu.plan(c) for c in uniform_choices(bench.menu)])
    base = bench.engine.baseline.confidence
    for one in uniform:
        if aggregate(drops_pp(base, one.confidence), metric) <= budget_pp:
            assert best is not None
            assert best.nbytes <= one.nbytes
    if best is not None:
        whole = bench.network.whole(
            bench.inputs, [bench.engine.bank.decoded(i, s) for i, s in enumerate(best.plan.schemes)]
        )
        rows = np.arange(count), bench.engine.reference
        drops = drops_pp(base, whole[rows].astype(np.float64))
        assert aggregate(drops, metric) <= budget_pp + 1e-3
    if with_original:
        assert best is not None


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("seed", [4, 5])
def test_it_is_never_worse_than_the_best_uniform_plan(
    tmp_path: Path, kind: Sampler, seed: int
) -> None:
    searched = make_bench(seed).search(tmp_path, 2.0, kind=kind, trials=20)
    best = searched.history.best
    assert best is not None
    feasible = [one for one in searched.uniform if one.drop_pp <= 2.0]
    assert feasible
    assert best.nbytes <= min(one.nbytes for one in feasible)
    assert best.drop_pp <= 2.0


def test_no_plan_is_measured_twice_and_each_is_one_trial(tmp_path: Path) -> None:
    history = hard_bench().search(tmp_path, 1.0, trials=40).history
    assert len(history) >= 40
    plans = [one.plan for one in history.tried]
    assert len(set(plans)) == len(plans)


class KilledError(Exception):
    """The process died."""


def search_and_die(folder: Path, kind: Sampler, after: int) -> None:
    """A search whose process dies after so many measurements."""
    bench = hard_bench()
    left = iter(range(after))

    def die(_: Measurement) -> None:
        if next(left, None) is None:
            raise KilledError

    bench.before_each(die)
    with pytest.raises(KilledError):
        bench.search(folder, 1.0, kind=kind, trials=24)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_killed_search_resumes_as_if_it_had_not_been_killed(
    tmp_path: Path, kind: Sampler
) -> None:
    whole = hard_bench().search(tmp_path / "whole", 1.0, kind=kind, trials=24).history
    assert len(whole) >= 24
    for after in (3, 9):
        search_and_die(tmp_path / "parts", kind, after)
    parts = hard_bench().search(tmp_path / "parts", 1.0, kind=kind, trials=24).history
    assert [one.plan for one in parts.tried] == [one.plan for one in whole.tried]
    assert [one.drop_pp for one in parts.tried] == [one.drop_pp for one in whole.tried]


def test_stopped_by_its_limit_and_resumed_it_is_no_worse(tmp_path: Path) -> None:
    for seed in range(4):
        whole = make_bench(seed).search(tmp_path / f"{seed}w", 1.0, trials=40).history
        for trials in (5, 11, 40):
            parts = make_bench(seed).search(tmp_path / f"{seed}p", 1.0, trials=trials).history
        assert whole.best is not None
        assert parts.best is not None
        assert parts.best.nbytes <= whole.best.nbytes
        assert len({one.plan for one in parts.tried}) == len(parts.tried)


def test_what_another_process_measures_meanwhile_is_not_measured_again(tmp_path: Path) -> None:
    alone = make_bench().search(tmp_path / "alone", 1.0).history
    measured: list[Plan] = []
    histories: list[History] = []

    def watched(bench: SearchBench) -> None:
        bench.before_each(lambda measurement: measured.append(measurement.plan))
        histories.append(bench.search(tmp_path / "shared", 1.0).history)

    with ThreadPoolExecutor(3) as threads:  # each opens the storage, as a process would
        list(threads.map(watched, [make_bench() for _ in range(3)]))
    assert len(set(measured)) == len(measured)
    for history in histories:
        assert history.best is not None
        assert alone.best is not None
        assert history.best.nbytes <= alone.best.nbytes
    # Whoever ends last has heard of everything; the uniform plans that the first measures at its
    # end may give the others another idea.
    tried = [{one.plan for one in history.tried} for history in histories]
    assert all(plans <= max(tried, key=len) for plans in tried)


def test_another_question_reuses_what_was_measured(tmp_path: Path) -> None:
    bench = make_bench()
    first = bench.search(tmp_path, 1.0, name="one", trials=40).history
    before = bench.engine.stage_runs
    second = bench.search(tmp_path, 1.0, name="two", metric="max", trials=40).history
    again = {one.plan for one in first.tried} & {one.plan for one in second.tried}
    assert len(again) > 1
    assert all(one.stage_runs == 0 for one in second.tried if one.plan in again)
    fresh = sum(one.stage_runs for one in second.tried)
    assert fresh == bench.engine.stage_runs - before


@pytest.mark.parametrize(
    ("metric", "budget_pp", "schemes"),
    [("mean", 2.0, SCHEMES), ("max", 1.0, SCHEMES), ("mean", 1.0, SCHEMES[:-1])],
)
def test_another_question_under_the_same_name_leaves_the_study_and_goes_on_from_it(
    tmp_path: Path, metric: Metric, budget_pp: float, schemes: tuple[str, ...]
) -> None:
    first = make_bench().search(tmp_path, 1.0, trials=8)
    known = {tried.plan for tried in first.history.tried}
    other = make_bench(schemes=schemes).search(tmp_path, budget_pp, metric=metric, trials=8)
    assert other.study_name != first.study_name
    again = [tried for tried in other.history.tried if tried.plan in known]
    assert again
    assert all(tried.stage_runs == 0 for tried in again)
    assert len(make_bench().search(tmp_path, 1.0, trials=8).history) == len(first.history)


def test_the_best_plan_is_told_whenever_it_changes(tmp_path: Path) -> None:
    told: list[Tried] = []
    history = hard_bench().search(tmp_path, 1.0, trials=40, on_best=told.append).history
    sizes = [one.nbytes for one in told]
    assert len(sizes) > 2
    assert sizes == sorted(sizes, reverse=True)
    assert history.best is not None
    assert told[-1].plan == history.best.plan


def test_without_a_feasible_plan_the_nearest_is_known(tmp_path: Path) -> None:
    bench = make_bench(schemes=("bitwiseAnd_21", "fix8"))
    history = bench.search(tmp_path, 1e-6, trials=10).history
    assert history.best is None
    assert history.nearest is not None
    assert history.nearest.drop_pp == min(one.drop_pp for one in history.tried)


def test_a_budget_of_nothing_still_finds_what_costs_nothing(tmp_path: Path) -> None:
    bench = make_bench()
    best = bench.search(tmp_path, 0.0).history.best
    assert best is not None
    assert best.drop_pp == 0.0
    assert best.nbytes <= bench.engine.baseline.nbytes


def test_when_it_is_done_no_single_change_improves_the_plan(tmp_path: Path) -> None:
    for seed in range(5):
        bench = make_bench(seed)
        searched = bench.search(tmp_path / str(seed), 1.0, trials=None)
        assert searched.stopped == "done"
        assert is_one_change_optimal(bench.menu, searched.history)
        better = list(improving_changes(bench.menu, searched.history))
        measurements = bench.engine.measure(better)
        base = bench.engine.baseline.confidence
        assert all(aggregate(drops_pp(base, m.confidence), "mean") > 1.0 for m in measurements)


def test_one_unmeasured_change_is_no_optimality(tmp_path: Path) -> None:
    bench = SearchBench(TrainedNetwork((24, 24, 16), 5), digits()[0][::8], ("original", "fix8"))
    history = bench.search(tmp_path, 0.3, trials=None).history
    change = next(improving_changes(bench.menu, history))
    without = History(history.goal, [one for one in history.tried if one.plan != change])
    assert not is_one_change_optimal(bench.menu, without)


def test_brute_proves_what_it_finds(tmp_path: Path) -> None:
    bench = make_bench()
    searched = bench.search(tmp_path, 1.0, kind="brute", trials=None)
    other = bench.search(tmp_path, 1.0, trials=None, name="other").history
    assert searched.stopped == "done"
    assert searched.is_exhaustive
    best = searched.history.best
    assert best is not None
    assert other.best is not None
    assert best.nbytes <= other.best.nbytes
    smaller = [one for one in searched.history.tried if one.nbytes < best.nbytes]
    assert all(one.drop_pp > 1.0 for one in smaller)


def test_brute_refuses_what_would_take_for_ever(tmp_path: Path) -> None:
    schemes = ("original", *(f"bitwiseAnd_{k}" for k in range(10, 20)))
    with pytest.raises(SettingError, match=r"161,051 plans.*`sampler` = surrogate"):
        make_bench(schemes=schemes).search(tmp_path, 1.0, kind="brute")


def test_the_mirror_finds_the_gentlest_plan_of_a_size(tmp_path: Path) -> None:
    for seed in range(3):
        bench = make_bench(seed)
        limit = bench.engine.baseline.nbytes * 2 // 5
        every = every_choice([len(schemes) for schemes in bench.menu.schemes])
        small = [bench.menu.plan(one) for one in every[bench.menu.totals(every) <= limit]]
        base = bench.engine.baseline.confidence
        gentlest = min(
            aggregate(drops_pp(base, m.confidence), "mean") for m in bench.engine.measure(small)
        )
        found = bench.search(tmp_path / f"{seed}", max_nbytes=limit, trials=60).history
        assert found.best is not None
        assert found.best.nbytes <= limit
        assert found.best.drop_pp <= gentlest + 0.05
        assert len(found) < len(small) / 4


def test_a_front_answers_every_budget(tmp_path: Path) -> None:
    bench = make_bench(1)
    front = bench.search(tmp_path, None, trials=80).history
    points = front.front
    assert [p.nbytes for p in points] == sorted({p.nbytes for p in points})
    assert [p.drop_pp for p in points] == sorted({p.drop_pp for p in points}, reverse=True)
    for budget_pp in (0.5, 2.0, 5.0):
        brute = bench.search(tmp_path, budget_pp, kind="brute", trials=None, name=f"{budget_pp}")
        best = History(Goal("mean", budget_pp), front.tried).best
        assert best is not None
        assert brute.history.best is not None
        assert best.nbytes <= 1.02 * brute.history.best.nbytes


def test_storages_that_are_not_there_are_refused_in_words() -> None:
    bench = make_bench()
    with pytest.raises(SettingError, match="not supported"):
        StudyStore.open("redis://x", "s", Identity(FINGERPRINT, bench.menu, Goal("mean", 1.0)))


def test_trials_can_be_read_back_to_the_last_digit(tmp_path: Path) -> None:
    bench = make_bench()
    first = bench.search(tmp_path, 1.0, trials=12).history
    again = bench.search(tmp_path, 1.0, trials=12).history
    for one, other in zip(first.tried, again.tried, strict=True):
        assert one.plan == other.plan
        assert one.origin == other.origin
        np.testing.assert_array_equal(one.margin, other.margin)
        np.testing.assert_array_equal(one.confidence, other.confidence)
