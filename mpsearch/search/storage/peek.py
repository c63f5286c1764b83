"""A look into the files of a study, without changing or waiting for anything."""

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from mpsearch.search.storage.read_only import connect_read_only, is_database
from mpsearch.search.workers.turn import is_in_use


@dataclass(frozen=True, slots=True)
class Glance:
    """What an SQLite file or a journal holds.

    Attributes:
        trials: Finished ones, of all studies in it.
        original_nbytes: Bytes of the unchanged weight layers; None if nothing is measured.
        is_in_use: A search is running on this machine.
    """

    trials: int
    original_nbytes: int | None
    is_in_use: bool


def glance(path: Path) -> Glance | None:
    """Look into a file storage; None if there is none, or it cannot be read now."""
    if not path.is_file():
        return None
    try:
        trials, nbytes, ratio = _database(path) if is_database(path) else _journal(path)
        original = None if nbytes is None or ratio is None else round(nbytes * ratio)
    except (OSError, sqlite3.Error):
        return None
    except (ValueError, TypeError, LookupError, ArithmeticError, AssertionError):
        return None  # Optuna checks nothing of what it reads
    return Glance(trials, original, is_in_use(path))


def _database(path: Path) -> tuple[int, float | None, float | None]:
    with contextlib.closing(connect_read_only(path, 1)) as database:
        (trials,) = database.execute(
            "SELECT count(*) FROM trials WHERE state = 'COMPLETE'"
        ).fetchone()
        known = {
            key: float(json.loads(value))
            for key, value in database.execute(
                "SELECT key, value_json FROM trial_user_attributes WHERE key IN "
                "('nbytes', 'ratio') AND trial_id = (SELECT min(trial_id) FROM trials WHERE "
                "state = 'COMPLETE')"
            )
        }
    return int(trials), known.get("nbytes"), known.get("ratio")


def _journal(path: Path) -> tuple[int, float | None, float | None]:
    import optuna  # noqa: PLC0415 - slow to import

    from mpsearch.search.checksum import is_sound, subject_digest  # noqa: PLC0415
    from mpsearch.search.storage.address import Address  # noqa: PLC0415
    from mpsearch.search.storage.opening import open_for_reading  # noqa: PLC0415

    storage = open_for_reading(Address.parse(f"journal:///{path}"))
    complete = (optuna.trial.TrialState.COMPLETE,)
    trials = [
        trial
        for study in storage.get_all_studies()
        for trial in storage.get_all_trials(study._study_id, deepcopy=False, states=complete)
        if is_sound(trial, subject_digest(study.user_attrs))
    ]
    first = trials[0].user_attrs if trials else {}
    return len(trials), first.get("nbytes"), first.get("ratio")
