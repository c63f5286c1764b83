"""A search that is killed again and again, and the same search left alone."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench_process import BenchProcess, trials_of
from hard_life import death_by_chance, kill_by_the_clock
from optuna.trial import TrialState

from mpsearch.values.choices import Sampler

KINDS: Final[Sequence[Sampler]] = ("surrogate", "tpe", "nsga2", "random", "brute")


def require_same(
    folder: Path, storage: str, kind: Sampler, kills: int, trials: int, by_the_clock: bool = False
) -> int:
    """One process at a time is killed *kills* times; it must measure what one left alone does.

    Args:
        folder: Where both studies are kept.
        storage: The kind of storage.
        kind: The sampler.
        kills: How many.
        trials: How many the study has in the end.
        by_the_clock: Killed at any moment, and not as a plan is measured or written.

    Returns:
        How many of the kills found the search unfinished.
    """
    chance = random.Random(f"{storage} {kind} {kills} {trials}")
    alone = BenchProcess(whole := f"{storage}:///{folder}/whole", trials, kind)
    assert alone.wait() == 0, alone.fault
    parts = f"{storage}:///{folder}/parts"
    early = 0
    for _ in range(kills):
        if by_the_clock:
            victim = BenchProcess(parts, trials, kind, plan_seconds=0.05)
            kill_by_the_clock(victim, chance, seconds=0.1)
        else:
            victim = BenchProcess(parts, trials, kind, death=death_by_chance(chance))
            victim.wait()
        early += victim.best is None
        assert not victim.fault
    last = BenchProcess(parts, trials, kind)
    assert last.wait() == 0, last.fault
    assert last.best == alone.best
    assert measured(parts) == measured(whole)
    return early


def measured(url: str) -> list[Any]:
    """Plans with all that was measured of them, in order; nothing else may be there."""
    found = trials_of(url)
    assert {one.state for one in found} <= {TrialState.COMPLETE}
    keys = ("nbytes", "drop_pp", "origin", "confidence", "margin")
    return [(t.number, t.params, t.values, [t.user_attrs[k] for k in keys]) for t in found]
