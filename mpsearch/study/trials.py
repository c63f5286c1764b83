"""Measured plans of a study, read without its model and without writing to its storage."""

import contextlib
import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import optuna
import sqlalchemy.exc
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from mpsearch.propose.goal import Goal
from mpsearch.study.checksum import CHECKSUM, SUBJECT, is_sound, subject_digest
from mpsearch.study.storage.address import Address
from mpsearch.study.storage.damage import journal_damage, trial_damage
from mpsearch.study.storage.faults import MEANINGLESS
from mpsearch.study.storage.opening import close_storage, open_for_reading
from mpsearch.study.storage.peek import asked_for
from mpsearch.values.choices import parse_metric
from mpsearch.values.errors import MPSearchError, StudyError
from mpsearch.values.plan import Plan
from mpsearch.values.secret import without_secrets

#: Trial, digest of its study's subject → whether the trial is what was written.
Sound = Callable[[FrozenTrial, str], bool]

_COMPLETE: Final = (TrialState.COMPLETE,)
_REFUSALS: Final = (
    sqlalchemy.exc.SQLAlchemyError,
    optuna.exceptions.OptunaError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One measured plan, without what each image said.

    Attributes:
        plan: The plan that was measured.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Drop under the study's metric on the images that the budget speaks of, percentage
            points.
        origin: Who proposed it.
        bound_pp: What a budget limits, percentage points: the drop, or its upper bound on unseen
            images.
        harm: What plans are ranked by where the budget speaks of unseen images; None elsewhere.
    """

    plan: Plan
    nbytes: int
    drop_pp: float
    origin: str
    bound_pp: float
    harm: float | None = None


@dataclass(frozen=True, slots=True)
class StudyTrials:
    """A study as its storage has it.

    Attributes:
        name: Name of the study.
        goal: Budget, size limit or front that is asked for.
        identity: ``model``, ``images``, ``reference``, ``numerics`` → digest; of the images
            searched on.
        coding: How codes are packed, for all bytes.
        original_nbytes: Bytes of the weight layers as float32; None if no trial says so.
        trials: Finished ones, in order; those that are damaged are left out.
        others: Names of other studies in the storage.
        damage: Sentences that say what is damaged.
        sure: Probability that the drop on unseen images is below the bound; None where the budget
            speaks of the images searched on.
    """

    name: str
    goal: Goal
    identity: Mapping[str, str]
    coding: str
    original_nbytes: int | None
    trials: tuple[Trial, ...]
    others: tuple[str, ...]
    damage: tuple[str, ...] = ()
    sure: float | None = None


def read_trials(url: str, name: str | None = None) -> StudyTrials | None:
    """Read a study's finished trials.

    Args:
        url: Storage; as :class:`Address` takes it.
        name: Name of the study; None for the one that was written to last.

    Returns:
        None if the storage holds no study of mpsearch.

    Raises:
        StudyError: If the storage cannot be read, has no study *name*, or one that mpsearch did
            not write.
    """
    address = Address.parse(url)
    with reading_faults(address):
        storage = open_for_reading(address)
        try:
            return trials_in(storage, name)
        finally:
            close_storage(storage)


@contextlib.contextmanager
def reading_faults(address: Address) -> Iterator[None]:
    """Turn what a storage that cannot be read raises into one line.

    Raises:
        StudyError: Says what is wrong; holds no password.
    """
    # What is wrong is said by our error; alembic would say beforehand which dialect it meets.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    try:
        yield
    except MPSearchError:
        raise
    except (*_REFUSALS, *MEANINGLESS) as error:
        raise _unreadable(address, error) from error


def trials_in(
    storage: optuna.storages.BaseStorage, name: str | None, sound: Sound = is_sound
) -> StudyTrials | None:
    """As :func:`read_trials`, from a storage that is open.

    Args:
        storage: Where the study is.
        name: Of the study; None for the one that was written to last.
        sound: Says whether a trial is sound.

    Raises:
        StudyError: If the storage has no study *name*, or one that mpsearch did not write.
    """
    ours = {study.study_name: study for study in storage.get_all_studies() if is_ours(study)}
    if not ours and name is None:
        return None
    if name is not None and name not in ours:
        raise StudyError(
            f"the study's storage has no study {name[:80]!r}; it has "
            f"{', '.join(sorted(ours)) or 'none'}: run the search again"
        )
    trials = {
        study_name: storage.get_all_trials(
            ours[study_name]._study_id, deepcopy=False, states=_COMPLETE
        )
        for study_name in ([name] if name is not None else asked_for(ours))
    }
    chosen = max(trials, key=lambda study_name: _last_written(trials[study_name]))
    others = sorted(set(ours) - {chosen})
    study_trials = as_study_trials(ours[chosen], trials[chosen], others, sound)
    return replace(study_trials, damage=(*journal_damage(storage), *study_trials.damage))


def is_ours(study: FrozenStudy) -> bool:
    """Whether mpsearch wrote a study."""
    return SUBJECT + "layers" in study.user_attrs


def as_study_trials(
    study: FrozenStudy,
    trials: Sequence[FrozenTrial],
    others: Sequence[str] = (),
    sound: Sound = is_sound,
) -> StudyTrials:
    """What Optuna has of a study, in our words.

    Args:
        study: A study for which :func:`is_ours` is true.
        trials: Finished ones of it.
        others: Names of other studies beside it.
        sound: Says whether a trial is sound.

    Raises:
        KeyError: If an attribute is missing.
        TypeError: If one is of another kind.
        ValueError: If one makes no sense.
    """
    attributes = study.user_attrs
    layers = attributes[SUBJECT + "layers"]
    subject = subject_digest(attributes)
    measured = [trial for trial in trials if is_measured(trial)]
    intact = [trial for trial in measured if sound(trial, subject)]
    entries = [entry for entry in (_trial(trial, layers) for trial in intact) if entry is not None]
    return StudyTrials(
        name=study.study_name,
        goal=Goal(
            parse_metric(str(attributes[SUBJECT + "metric"])),
            attributes.get(SUBJECT + "budget_pp"),
            attributes.get(SUBJECT + "max_nbytes"),
        ),
        identity={
            key: str(attributes.get(SUBJECT + key))
            for key in ("model", "images", "reference", "numerics")
        },
        coding=str(attributes.get(SUBJECT + "coding", "none")),
        original_nbytes=_original(intact),
        trials=tuple(entries),
        others=tuple(others),
        damage=trial_damage(len(measured) - len(entries)),
        sure=None
        if attributes.get(SUBJECT + "sure") is None
        else float(attributes[SUBJECT + "sure"]),
    )


def is_measured(trial: FrozenTrial) -> bool:
    """Whether mpsearch wrote a trial, as a measurement that is finished, damaged or not."""
    attributes = trial.user_attrs.keys() & {"confidence", "drop_pp", CHECKSUM}
    return trial.state == TrialState.COMPLETE and bool(attributes)


def _last_written(trials: Sequence[FrozenTrial]) -> float:
    ends = [trial.datetime_complete.timestamp() for trial in trials if trial.datetime_complete]
    return max(ends, default=0.0)


def _trial(trial: FrozenTrial, layers: Sequence[str]) -> Trial | None:
    """None if it makes no sense."""
    try:
        attributes = trial.user_attrs
        nbytes, drop = attributes["nbytes"], float(attributes["drop_pp"])
        bound, harm = drop, None
        if "unseen_pp" in attributes:
            drop, bound = float(attributes["unseen_pp"]), float(attributes["bound_pp"])
            harm = float(attributes["harm"])
        if not 0 <= nbytes < sys.maxsize or not math.isfinite(drop + bound + (harm or 0.0)):
            return None
        return Trial(
            plan=Plan.from_mapping(layers, trial.params),
            nbytes=int(nbytes),
            drop_pp=drop,
            origin=str(attributes["origin"]),
            bound_pp=bound,
            harm=harm,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _original(trials: Sequence[FrozenTrial]) -> int | None:
    """Bytes of the original, from any trial: it says how many times smaller it is."""
    for trial in trials:
        ratio, nbytes = trial.user_attrs.get("ratio"), trial.user_attrs.get("nbytes")
        if ratio and nbytes:
            with contextlib.suppress(TypeError, ValueError, OverflowError):
                return round(float(ratio) * int(nbytes))
    return None


def _unreadable(address: Address, error: BaseException) -> StudyError:
    # Optuna says "during the commit" of whatever fails; the cause knows what did.
    cause = error.__cause__ if isinstance(error, optuna.exceptions.OptunaError) else error
    reason: Any = getattr(cause, "orig", None) or cause or error
    place = address.shown if address.path is None else str(address.path)
    lines = str(reason).splitlines() or [type(error).__name__]
    said = without_secrets(lines[0][:200], address.url)
    return StudyError(
        f"the study's storage {place!r} cannot be read: {said}; give the folder of a search"
    )
