"""Processes of one study, killed at random moments, again and again."""

import random
import signal
import time

from bench_process import BenchProcess, trials_of
from optuna.trial import TrialState


def hard_life(url: str, kills: int, at_once: int = 3, seed: int = 0) -> int:
    """Kill *kills* of the processes that search, then let the last ones finish.

    Returns:
        How many trials they were asked for.
    """
    chance = random.Random(seed)
    trials = 20 * kills  # more than are measured between the kills
    processes = [BenchProcess(url, trials) for _ in range(at_once)]
    acknowledged: set[int] = set()
    for _ in range(kills):
        victim = chance.choice(processes)
        victim.wait_until_it_measures()
        time.sleep(chance.uniform(0, 0.2))
        victim.kill(chance.choices([signal.SIGKILL, signal.SIGINT], (4, 1))[0])
        processes.remove(victim)
        processes.append(BenchProcess(url, trials))
        finished = {one.number for one in trials_of(url) if one.state == TrialState.COMPLETE}
        assert acknowledged <= finished, "a finished measurement was lost"
        acknowledged = finished
    for process in processes:
        assert process.wait() == 0, process.fault
    return trials
