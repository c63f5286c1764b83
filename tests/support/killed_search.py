"""A search that is killed again and again, and the same search left alone."""

import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench_process import BenchProcess, trials_of
from optuna.trial import TrialState

from mpsearch.values.choices import Sampler

KINDS: Final[Sequence[Sampler]] = ("surrogate", "tpe", "nsga2", "random", "brute")


def require_same(folder: Path, storage: str, kind: Sampler, kills: int, trials: int) -> int:
    """One process at a time is killed *kills* times; it must measure what one left alone does.

    Returns:
        How many of the kills found the search unfinished.
    """
    chance = random.Random(f"{storage} {kind} {kills} {trials}")
    alone = BenchProcess(whole := f"{storage}:///{folder}/whole", trials, kind)
    assert alone.wait() == 0, alone.fault
    parts = f"{storage}:///{folder}/parts"
    early = 0
    for _ in range(kills):
        victim = BenchProcess(parts, trials, kind)
        for _ in range(chance.randint(1, 3)):
            victim.wait_until_it_measures()
        time.sleep(chance.uniform(0, 0.1))
        victim.kill(chance.choices([signal.SIGKILL, signal.SIGINT], (4, 1))[0])
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
