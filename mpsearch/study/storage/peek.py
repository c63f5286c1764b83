"""A look into the files of a study, without changing or waiting for anything."""

import contextlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mpsearch.study.storage.read_only import connect_read_only, is_database, require_stored
from mpsearch.study.workers.solo_lock import is_in_use
from mpsearch.values.errors import MPSearchError

# What a file that is none of ours, or damaged, makes SQLite, JSON and Optuna raise.
_DAMAGE: Final = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(AssertionError, RuntimeError, sqlite3.Error),
)


@dataclass(frozen=True, slots=True)
class Glance:
    """What an SQLite file or a journal holds of one study.

    Attributes:
        trials: Finished ones.
        original_nbytes: Bytes of the unchanged weight layers; None if nothing is measured.
        is_in_use: A search is running on this machine.
    """

    trials: int
    original_nbytes: int | None
    is_in_use: bool


@dataclass(frozen=True, slots=True)
class _Counted:
    """A study with finished trials.

    Attributes:
        trials: How many.
        last: When the last was finished; later ones compare greater.
        attributes: ``nbytes`` and ``ratio`` of the first trial, if it has them.
    """

    trials: int
    last: Any
    attributes: Mapping[str, Any]


def glance(path: Path, name: str | None = None) -> Glance | None:
    """Look into a file storage; None if there is none, or it cannot be read now.

    Args:
        path: The file.
        name: Of the study; the one written to last where it is None or not there. Studies of
            rivals and of tighter budgets, which go beside another, are passed over.
    """
    if not path.is_file():
        return None
    try:
        counts = _database(path) if is_database(path) else _journal(path)
        study = _chosen(counts, name)
        original = None if study is None else _original_nbytes(study.attributes)
    except (MPSearchError, *_DAMAGE):  # one storage is no reason to be silent of others
        return None
    return Glance(0 if study is None else study.trials, original, is_in_use(path))


def asked_for(names: Collection[str]) -> list[str]:
    """Studies that a user asked for: those of tighter budgets and rivals go beside them."""
    return [name for name in names if name.rpartition("~")[0] not in names]


def _chosen(counts: Mapping[str, _Counted], name: str | None) -> _Counted | None:
    if name is not None and name in counts:
        return counts[name]
    studies = [counts[key] for key in asked_for(counts)]
    return max(studies, key=lambda study: study.last, default=None)


def _original_nbytes(attributes: Mapping[str, Any]) -> int | None:
    nbytes, ratio = attributes.get("nbytes"), attributes.get("ratio")
    return None if nbytes is None or ratio is None else round(float(nbytes) * float(ratio))


def _database(path: Path) -> dict[str, _Counted]:
    counts = {}
    with contextlib.closing(connect_read_only(path, 1)) as database:
        require_stored(database)
        studies = database.execute(
            "SELECT study_name, count(*), max(datetime_complete), min(trial_id) FROM studies "
            "JOIN trials USING (study_id) WHERE state = 'COMPLETE' GROUP BY study_id"
        )
        for name, trials, last, first in studies.fetchall():
            attributes = database.execute(
                "SELECT key, value_json FROM trial_user_attributes WHERE key IN "
                "('nbytes', 'ratio') AND trial_id = ?",
                (first,),
            )
            numbers = {key: json.loads(value) for key, value in attributes}
            counts[str(name)] = _Counted(int(trials), last or "", numbers)
    return counts


def _journal(path: Path) -> dict[str, _Counted]:
    import optuna  # noqa: PLC0415 - slow to import

    from mpsearch.study.checksum import is_sound, subject_digest  # noqa: PLC0415
    from mpsearch.study.storage.address import Address  # noqa: PLC0415
    from mpsearch.study.storage.opening import open_for_reading  # noqa: PLC0415

    try:
        storage = open_for_reading(Address.parse(f"journal:///{path}"))
    except optuna.exceptions.OptunaError as error:
        raise ValueError(str(error)) from error
    complete = (optuna.trial.TrialState.COMPLETE,)
    counts = {}
    for study in storage.get_all_studies():
        subject = subject_digest(study.user_attrs)
        every = storage.get_all_trials(study._study_id, deepcopy=False, states=complete)
        trials = [trial for trial in every if is_sound(trial, subject)]
        if trials:
            last = max(trial.datetime_complete or datetime.min for trial in trials)
            counts[study.study_name] = _Counted(len(trials), last, trials[0].user_attrs)
    return counts
