"""How good the model is, and the bound it gives."""

from pathlib import Path

import pytest
from search_bench import SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History

COARSE = ("original", "fl16", "bitwiseAnd_20", "bitwiseAnd_22", "fix8")


@pytest.mark.parametrize("budget_pp", [0.3, 1.0, 3.0])
def test_a_good_model_says_so_and_its_bound_is_near_the_best_plan(
    tmp_path: Path, budget_pp: float
) -> None:
    bench = SearchBench(TrainedNetwork((24, 24, 16, 16), 1), digits()[0][::8], COARSE)
    history = bench.search(tmp_path, budget_pp, trials=None).history
    surrogate = bench.surrogate(Goal("mean", budget_pp))
    judged = surrogate.assess(surrogate.measured(history))
    assert judged is not None
    assert history.best is not None
    assert judged.bound_nbytes is not None
    assert 0.7 * history.best.nbytes <= judged.bound_nbytes <= history.best.nbytes
    assert judged.r2 is not None
    assert judged.r2 > 0.8
    assert judged.misranked is not None
    assert judged.misranked < 0.15


def test_few_plans_say_nothing_of_the_model(tmp_path: Path) -> None:
    bench = SearchBench(TrainedNetwork((24, 16), 1), digits()[0][::8], COARSE)
    history = bench.search(tmp_path, 1.0, trials=2).history
    surrogate = bench.surrogate(Goal("mean", 1.0))
    few = History(history.goal, history.tried[:2])
    judged = surrogate.assess(surrogate.measured(few))
    assert judged is not None
    assert judged.r2 is None
    assert judged.misranked is None


def test_a_front_and_an_empty_study_have_no_model() -> None:
    bench = SearchBench(TrainedNetwork((24, 16), 1), digits()[0][::8], COARSE)
    for goal in (Goal("mean"), Goal("mean", 1.0)):
        surrogate = bench.surrogate(goal)
        assert surrogate.assess(surrogate.nothing_measured()) is None
