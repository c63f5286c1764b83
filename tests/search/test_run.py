"""The search's promises, on a network of plain numpy and a real SQLite study."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images

from mpsearch.core.errors import SettingError, StudyError
from mpsearch.core.progress import Silent
from mpsearch.engine.confidence import METRICS, Metric, aggregate, drops_pp
from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu
from mpsearch.search.run import SAMPLERS, Limits, Sampler, run_search
from mpsearch.search.study import Question, StudyStore, sqlite_url
from mpsearch.sensitivity.measure import empty_profile, measure_profile
from mpsearch.sensitivity.profile import SensitivityProfile

SCHEMES = ("original", "fl16", "bitwiseAnd_19", "bitwiseAnd_21", "fix8")
FINGERPRINT = {"model": "m", "images": "i", "reference": "r", "numerics": "n"}


class Bench:
    """A network with its profile."""

    def __init__(self, seed: int = 0, count: int = 3, schemes: tuple[str, ...] = SCHEMES) -> None:
        self.network = NumpyNetwork(seed)
        self.inputs = images(count)
        self.engine = Engine(
            self.network, WeightBank(self.network, 2**20), self.inputs, None, 2**22
        )
        names = tuple(str(i) for i in range(count))
        self.profile: SensitivityProfile = measure_profile(
            self.engine,
            self.network,
            self.inputs,
            empty_profile(self.engine, schemes, names, FINGERPRINT),
            parts=("per_layer", "uniform"),
        )
        self.menu = Menu.of(self.profile)

    def search(
        self,
        folder: Path,
        budget_pp: float,
        *,
        metric: Metric = "mean",
        sampler: Sampler = "surrogate",
        trials: int = 60,
        name: str = "study",
        best: list[Tried] | None = None,
    ) -> History:
        store = StudyStore(
            sqlite_url(folder / "study.db"),
            name,
            FINGERPRINT,
            self.menu,
            Question(metric, budget_pp),
        )
        try:
            return run_search(
                self.engine,
                self.profile,
                self.menu,
                store,
                metric=metric,
                budget_pp=budget_pp,
                sampler=sampler,
                seed=1,
                limits=Limits(trials),
                progress=Silent(),
                on_best=(best if best is not None else []).append,
            )
        finally:
            store.close()

    def optimum(self, budget_pp: float, metric: Metric) -> int:
        """Bytes of the smallest feasible plan, by measuring all of them."""
        plans = [
            self.menu.plan(choice)
            for choice in itertools.product(*[range(len(m)) for m in self.menu.schemes])
        ]
        base = self.profile.baseline.confidence
        feasible = [
            measurement.nbytes
            for measurement in self.engine.measure(plans)
            if aggregate(drops_pp(base, measurement.confidence), metric) <= budget_pp
        ]
        return min(feasible)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("budget_pp", [0.5, 3.0])
def test_it_comes_close_to_the_best_of_all_plans(
    tmp_path: Path, metric: Metric, budget_pp: float
) -> None:
    shares = []
    for seed in range(3):
        bench = Bench(seed)
        best = bench.search(tmp_path / str(seed), budget_pp, metric=metric).best
        assert best is not None
        shares.append(best.nbytes / bench.optimum(budget_pp, metric))
    assert min(shares) >= 1.0
    assert max(shares) <= 1.05


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("seed", [4, 5])
def test_it_is_never_worse_than_the_best_uniform_plan(
    tmp_path: Path, sampler: Sampler, seed: int
) -> None:
    bench = Bench(seed)
    history = bench.search(tmp_path, 2.0, sampler=sampler, trials=20)
    uniform = [
        reading.nbytes
        for reading in bench.profile.uniform.values()
        if bench.profile.drop_pp(reading, "mean") <= 2.0
    ]
    assert history.best is not None
    assert history.best.nbytes <= min(uniform)
    assert history.best.drop_pp <= 2.0


def test_no_plan_is_measured_twice_and_each_is_one_trial(tmp_path: Path) -> None:
    bench = Bench()
    history = bench.search(tmp_path, 1.0, trials=40)
    plans = [one.plan for one in history.tried]
    assert len(set(plans)) == len(plans) <= 40


def test_a_stopped_search_resumes_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    for sampler in SAMPLERS:
        whole = Bench().search(tmp_path / f"{sampler}-whole", 1.0, sampler=sampler, trials=24)
        for trials in (7, 13, 24):
            parts = Bench().search(
                tmp_path / f"{sampler}-parts", 1.0, sampler=sampler, trials=trials
            )
        assert [one.plan for one in parts.tried] == [one.plan for one in whole.tried]
        assert [one.drop_pp for one in parts.tried] == [one.drop_pp for one in whole.tried]


def test_another_budget_reuses_what_was_measured(tmp_path: Path) -> None:
    bench = Bench()
    first = bench.search(tmp_path, 1.0, name="one", trials=40)
    before = bench.engine.stage_runs
    second = bench.search(tmp_path, 1.0, name="two", metric="max", trials=40)
    again = {one.plan for one in first.tried} & {one.plan for one in second.tried}
    assert all(one.stage_runs == 0 for one in second.tried if one.plan in again)
    fresh = sum(one.stage_runs for one in second.tried)
    assert fresh == bench.engine.stage_runs - before


@pytest.mark.parametrize(
    ("key", "metric", "budget_pp", "schemes"),
    [
        ("budget_pp", "mean", 2.0, SCHEMES),
        ("metric", "max", 1.0, SCHEMES),
        ("schemes", "mean", 1.0, SCHEMES[:-1]),
    ],
)
def test_a_study_of_something_else_is_not_reopened(
    tmp_path: Path, key: str, metric: Metric, budget_pp: float, schemes: tuple[str, ...]
) -> None:
    trials = len(Bench().search(tmp_path, 1.0, trials=8))
    with pytest.raises(StudyError, match=f"another {key}.*--study-name"):
        Bench(schemes=schemes).search(tmp_path, budget_pp, metric=metric, trials=8)
    assert len(Bench().search(tmp_path, 1.0, trials=8)) == trials


def test_the_best_plan_is_told_whenever_it_changes(tmp_path: Path) -> None:
    told: list[Tried] = []
    history = Bench().search(tmp_path, 1.0, best=told)
    sizes = [one.nbytes for one in told]
    assert sizes == sorted(sizes, reverse=True)
    assert history.best is not None
    assert told[-1].plan == history.best.plan


def test_without_a_feasible_plan_the_nearest_is_known(tmp_path: Path) -> None:
    bench = Bench(schemes=("bitwiseAnd_21", "fix8"))
    history = bench.search(tmp_path, 1e-6, trials=10)
    assert history.best is None
    assert history.nearest is not None
    assert history.nearest.drop_pp == min(one.drop_pp for one in history.tried)


def test_a_budget_of_nothing_still_finds_what_costs_nothing(tmp_path: Path) -> None:
    bench = Bench()
    best = bench.search(tmp_path, 0.0).best
    assert best is not None
    assert best.drop_pp == 0.0
    assert best.nbytes <= bench.profile.baseline.nbytes


def test_storages_that_are_not_there_are_refused_in_words(tmp_path: Path) -> None:
    bench = Bench()
    with pytest.raises(SettingError, match="not supported"):
        StudyStore("redis://x", "s", FINGERPRINT, bench.menu, Question("mean", 1.0))


def test_trials_can_be_read_back_to_the_last_digit(tmp_path: Path) -> None:
    bench = Bench()
    first = bench.search(tmp_path, 1.0, trials=12)
    again = bench.search(tmp_path, 1.0, trials=12)
    for one, other in zip(first.tried, again.tried, strict=True):
        assert one.plan == other.plan
        assert one.origin == other.origin
        np.testing.assert_array_equal(one.margin, other.margin)
        np.testing.assert_array_equal(one.confidence, other.confidence)
