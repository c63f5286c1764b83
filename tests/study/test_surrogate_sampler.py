"""Our sampler, used as any sampler of Optuna's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import optuna
import pytest
from search_bench import SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.propose.goal import Goal
from mpsearch.propose.surrogate.advisor import Advisor
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.measured import Measured
from mpsearch.propose.surrogate.observed import Observed
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.study.trial_form import distributions
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.plan import Plan

COARSE = ("original", "fl16", "bitwiseAnd_20", "bitwiseAnd_22", "fix8")
GOAL = Goal("mean", 1.0)


def make_bench() -> SearchBench:
    return SearchBench(TrainedNetwork((24, 24, 16), 5), digits()[0][::8], COARSE)


def measure(bench: SearchBench, trial: optuna.Trial) -> float:
    """An objective as any user of Optuna would write it."""
    menu = bench.menu
    schemes = [
        trial.suggest_categorical(layer, options)
        for layer, options in zip(menu.layers, menu.layer_schemes, strict=True)
    ]
    (found,) = bench.engine.measure([Plan(menu.layers, tuple(schemes))])
    drops = drops_pp(bench.engine.baseline.confidence, found.confidence)
    drop = float(aggregate(drops, GOAL.metric))
    trial.set_user_attr("margin", found.margin.tolist())
    trial.set_user_attr("drop_pp", drop)
    trial.set_constraint("drop", drop - 1.0)
    return float(found.nbytes)


def test_a_study_of_optunas_own_finds_what_the_command_finds(tmp_path: Path) -> None:
    bench = make_bench()
    study = optuna.create_study(sampler=bench.sampler(GOAL))
    study.optimize(lambda trial: measure(bench, trial), n_trials=25)
    best = bench.search(tmp_path, 1.0, trials=None).history.best
    assert best is not None
    assert study.best_value <= 1.01 * best.nbytes


def test_proposals_depend_on_the_trials_alone() -> None:
    bench = make_bench()
    study = optuna.create_study(sampler=bench.sampler(GOAL))
    study.optimize(lambda trial: measure(bench, trial), n_trials=8)
    trials = study.get_trials()
    one = bench.sampler(GOAL).propose(trials)
    other = make_bench().sampler(GOAL).propose(trials)
    assert one is not None
    assert one == other


def test_simultaneous_proposals_differ() -> None:
    bench = make_bench()
    study = optuna.create_study(sampler=bench.sampler(GOAL))
    study.optimize(lambda trial: measure(bench, trial), n_trials=3)
    open_trials = [study.ask(distributions(bench.menu)) for _ in range(5)]
    asked = {tuple(trial.params.values()) for trial in open_trials}
    assert len(asked) == 5


def test_several_workers_measure_no_plan_twice_and_find_as_good_a_plan(tmp_path: Path) -> None:
    bench = make_bench()
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    optuna.create_study(storage=url, study_name="s")
    engine = Lock()  # one engine measures for all; asking and telling is not locked

    def work(_: int) -> None:
        sampler = bench.sampler(GOAL)
        study = optuna.load_study(storage=url, study_name="s", sampler=sampler)
        for _ in range(6):
            trial = study.ask()
            with engine:
                value = measure(bench, trial)
            study.tell(trial, value)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    study = optuna.load_study(storage=url, study_name="s")
    best = bench.search(tmp_path, 1.0, trials=None).history.best
    assert best is not None
    assert study.best_value <= 1.01 * best.nbytes


def test_a_parameter_that_is_no_layer_is_refused() -> None:
    bench = make_bench()
    study = optuna.create_study(sampler=bench.sampler(GOAL))

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("learning_rate", 0, 1)

    with pytest.raises(ValueError, match="learning_rate"):
        study.optimize(objective, n_trials=1)


class Misled(Surrogate):
    """Screened with the wrong sign wherever harm is great."""

    def view(
        self, goal: Goal, measured: Measured, running: Any, *, recentres: bool = True
    ) -> tuple[Cells, Observed]:
        cells, seen = super().view(goal, measured, running, recentres=recentres)
        flipped = tuple(np.where(np.abs(t) > 0.5, -t, t) for t in cells.change)
        wrong = Cells(
            cells.metric,
            cells.confidence,
            cells.margin,
            flipped,
            cells.perturbation,
            cells.measured,
        )
        return wrong, seen


def test_a_misled_screen_is_corrected_by_measuring(tmp_path: Path) -> None:
    bench = make_bench()
    best = bench.search(tmp_path, 1.0, trials=None).history.best
    assert best is not None
    sampler = bench.sampler(GOAL)
    sampler._surrogate = Misled(bench.menu, GOAL, bench.screen(GOAL))
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: measure(bench, trial), n_trials=40)
    assert study.best_value <= 1.01 * best.nbytes


def test_an_advisor_that_knows_nothing_still_proposes() -> None:
    surrogate = make_bench().surrogate(GOAL)
    nothing = surrogate.nothing_measured()
    assert surrogate.propose(nothing) is not None
    cells, seen = surrogate.view(GOAL, nothing, ())
    assert isinstance(Advisor(surrogate.menu, cells, GOAL).propose(seen), object)
