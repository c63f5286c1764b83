"""Several processes on one study, on every kind of storage."""

import random
import signal
import time

import bench_process
import pytest
from optuna.trial import TrialState

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
TRIALS = 40


def require_sound(url: str, trials: int) -> None:
    """No plan measured twice, none missing, no claim left open."""
    found = bench_process.trials_of(url)
    finished = [one for one in found if one.state == TrialState.COMPLETE]
    plans = {tuple(sorted(one.params.items())) for one in finished}
    assert len(plans) == len(finished)
    assert len([one for one in finished if one.user_attrs["origin"] != "uniform"]) == trials
    assert [one for one in found if one.state == TrialState.RUNNING] == []
    for one in finished:
        assert {"confidence", "margin", "drop_pp", "nbytes"} <= set(one.user_attrs)
        assert one.constraints == {
            "drop_over_budget_pp": pytest.approx(one.user_attrs["drop_pp"] - 1.0)
        }


def test_four_measure_no_plan_twice_and_find_what_one_finds(storage_url: str) -> None:
    processes = [bench_process.start(storage_url, TRIALS) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in processes]
    for process, (_, err) in zip(processes, said, strict=True):
        assert process.returncode == 0, err
    assert sum("measuring" in out for out, _ in said) > 1
    require_sound(storage_url, TRIALS)
    best = {int(out.split()[-1]) for out, _ in said}
    assert len(best) == 1


def test_killed_at_any_moment_nothing_is_lost_and_nothing_stays_open(storage_url: str) -> None:
    chance = random.Random(1)
    acknowledged = 0
    for _ in range(3):
        processes = [bench_process.start(storage_url, TRIALS) for _ in range(2)]
        assert processes[0].stdout is not None
        processes[0].stdout.readline()  # it measures
        time.sleep(chance.uniform(0, 0.5))
        processes[0].kill()
        time.sleep(chance.uniform(0, 0.2))
        processes[1].send_signal(chance.choice([signal.SIGKILL, signal.SIGINT]))
        for process in processes:
            process.communicate(timeout=60)
        finished = [
            t for t in bench_process.trials_of(storage_url) if t.state == TrialState.COMPLETE
        ]
        assert len(finished) >= acknowledged
        acknowledged = len(finished)
    last = bench_process.start(storage_url, TRIALS)
    _, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    require_sound(storage_url, TRIALS)
