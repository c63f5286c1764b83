"""A journal cut off at any byte, as a full disk or a crash leaves it."""

import random
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from mpsearch.study.storage.address import Address
from mpsearch.study.storage.opening import open_storage


def journal_of(path: Path, trials: int) -> bytes:
    """Write a journal with so many finished trials; returns its bytes."""
    study = optuna.create_study(storage=_storage(path), study_name="study")
    for number in range(trials):
        study.add_trial(_trial(number))
    return path.read_bytes()


def require_cuts_survived(path: Path, cuts: int, seed: int = 0) -> int:
    """Cut a journal at *cuts* random bytes: it opens, has what was whole, and takes more.

    Returns:
        How many finished trials the cuts left, in all.
    """
    chance = random.Random(seed)
    whole = journal_of(path, trials=12)
    begin = whole.index(b"\n") + 1  # before, there is no study
    left = 0
    for _ in range(cuts):
        end = chance.randint(begin, len(whole))
        path.write_bytes(whole[:end])
        finished = _finished_in(whole[:end])
        assert _values(path) == list(range(finished)), f"cut at {end}: a finished trial was lost"
        again = optuna.load_study(storage=_storage(path), study_name="study")
        again.add_trial(_trial(99))
        assert _values(path) == [*range(finished), 99], f"cut at {end}: what came after was lost"
        left += finished
    return left


def _finished_in(data: bytes) -> int:
    """Trials whose line is whole."""
    return data[: data.rfind(b"\n") + 1].count(b'"value":') if b"\n" in data else 0


def _storage(path: Path) -> optuna.storages.BaseStorage:
    return open_storage(Address.parse(f"journal:///{path}"))


def _trial(value: int) -> FrozenTrial:
    choices = optuna.distributions.CategoricalDistribution(("fix8", "fl16"))
    return create_trial(value=value, params={"conv": "fix8"}, distributions={"conv": choices})


def _values(path: Path) -> list[float | None]:
    study = optuna.load_study(storage=_storage(path), study_name="study")
    return [t.value for t in study.get_trials() if t.state == TrialState.COMPLETE]
