"""Several processes on one study, on every kind of storage."""

import pytest
from bench_process import BenchProcess, trials_of
from hard_life import hard_life
from optuna.trial import TrialState

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
TRIALS = 40


def require_sound(url: str, trials: int) -> None:
    """No plan measured twice, none missing, no claim left open."""
    found = trials_of(url)
    finished = [one for one in found if one.state == TrialState.COMPLETE]
    plans = {tuple(sorted(one.params.items())) for one in finished}
    assert len(plans) == len(finished)
    assert len(finished) == trials
    assert [one for one in found if one.state == TrialState.RUNNING] == []
    for one in finished:
        assert {"confidence", "margin", "drop_pp", "nbytes"} <= set(one.user_attrs)
        assert one.constraints == {
            "drop_over_budget_pp": pytest.approx(one.user_attrs["drop_pp"] - 1.0)
        }


def test_four_measure_no_plan_twice_and_find_the_same(storage_url: str) -> None:
    processes = [BenchProcess(storage_url, TRIALS, plan_seconds=0.05) for _ in range(4)]
    for process in processes:
        assert process.wait() == 0, process.fault
    assert sum(process.has_measured for process in processes) > 1
    require_sound(storage_url, TRIALS)
    assert len({process.best for process in processes}) == 1


@pytest.fixture(scope="module")
def found_alone(tmp_path_factory: pytest.TempPathFactory) -> int:
    """Bytes of the best plan that one process finds."""
    alone = BenchProcess(f"sqlite:///{tmp_path_factory.mktemp('alone')}/s.db", 100, "surrogate")
    assert alone.wait() == 0, alone.fault
    assert alone.best is not None
    return alone.best


@pytest.mark.long
def test_four_find_what_one_finds(storage_url: str, found_alone: int) -> None:
    processes = [BenchProcess(storage_url, 100, "surrogate") for _ in range(4)]
    for process in processes:
        assert process.wait() == 0, process.fault
    found = [process.best for process in processes if process.best is not None]
    assert min(found) <= found_alone


@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.long)])
def test_killed_so_often_nothing_is_lost_and_nothing_stays_open(
    storage_url: str, kills: int
) -> None:
    trials = hard_life(storage_url, kills)
    require_sound(storage_url, trials)
