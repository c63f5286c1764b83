"""Processes of one study, killed again and again."""

import random
import signal
import time
from typing import Final

from bench_process import BenchProcess, Death, trials_of
from optuna.trial import TrialState

_PLANS: Final = 3  # that a process measures at most before it dies


def hard_life(
    url: str, kills: int, at_once: int = 3, seed: int = 0, by_the_clock: bool = False
) -> int:
    """Kill *kills* of the processes that search, then let the last ones finish.

    Args:
        url: The storage.
        kills: How many.
        at_once: How many processes search at the same time.
        seed: Of who dies when.
        by_the_clock: Killed at any moment, and not as a plan is measured or written.

    Returns:
        How many trials they were asked for.
    """
    chance = random.Random(seed)
    trials = (20 if by_the_clock else 5) * kills  # more than are measured between the kills

    def started(number: int) -> BenchProcess:
        if by_the_clock:
            return BenchProcess(url, trials, plan_seconds=0.05)
        return BenchProcess(url, trials, death=death_by_chance(chance) if number < kills else None)

    processes = [started(number) for number in range(at_once)]
    acknowledged: set[int] = set()
    for number in range(kills):
        if by_the_clock:
            victim = chance.choice(processes)
            kill_by_the_clock(victim, chance, seconds=0.2)
        else:
            victim = processes[0]  # dies by itself
            assert victim.wait() != 0
            assert not victim.fault
        processes.remove(victim)
        processes.append(started(at_once + number))
        finished = {one.number for one in trials_of(url) if one.state == TrialState.COMPLETE}
        assert acknowledged <= finished, "a finished measurement was lost"
        acknowledged = finished
    for process in processes:
        assert process.wait() == 0, process.fault
    return trials


def death_by_chance(chance: random.Random) -> Death:
    """With one of its first plans, four times of five without a word."""
    return Death(chance.randint(1, _PLANS), chance.random() < 0.5, _signal(chance))


def kill_by_the_clock(victim: BenchProcess, chance: random.Random, seconds: float) -> None:
    """Kill it up to *seconds* after it has begun to measure one of its first plans."""
    for _ in range(chance.randint(1, _PLANS)):
        victim.wait_until_it_measures()
    time.sleep(chance.uniform(0, seconds))
    victim.kill(_signal(chance))


def _signal(chance: random.Random) -> signal.Signals:
    return chance.choices([signal.SIGKILL, signal.SIGINT], (4, 1))[0]
