"""A study's folder read back: no model, no images, nothing written."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mpsearch.model.source import BUNDLED_DIGITS
from mpsearch.report.record import StudyRecord
from mpsearch.search.result import SearchResult
from mpsearch.search.result_json import Subject, read_result
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.sensitivity.profile_file import read_profile
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.trials import StudyTrials, read_trials
from mpsearch.trust import SettingsFile, same_storage, usual_storage
from mpsearch.values.errors import SettingError, StudyError
from mpsearch.values.question import Question
from mpsearch.values.secret import masked
from mpsearch.values.study_folder import StudyFolder
from mpsearch.values.study_toml import settings_text


def read_study(folder: Path, storage: str | None = None) -> StudyRecord:
    """Everything that a report can be made of.

    What a folder lacks is left out and said so; a search that was interrupted is reported by
    what it has measured.

    Args:
        folder: The study's folder.
        storage: URL of the study's storage; None takes the one that the folder names.

    Raises:
        StudyError: If there is neither a result nor a measured plan, or a file is damaged.
        SettingError: If study.toml is not one, or names a storage that may not be taken from it
            (:mod:`mpsearch.trust`).
    """
    file = _settings_file(folder)
    url = storage or _storage(folder, file)
    config = None if file is None else file.config
    result, subject = _result(folder)
    name = None if subject is None else subject.study_name
    trials = None if url is None else read_trials(url, name)
    return _record(folder, config, result, subject, trials)


def read_two(first: Path, second: Path, storage: str | None) -> tuple[StudyRecord, StudyRecord]:
    """Read two folders, as :func:`read_study` does.

    Args:
        first: A study's folder.
        second: Another study's folder.
        storage: URL that may be taken from either folder.

    Raises:
        StudyError: As :func:`read_study`.
        SettingError: As :func:`read_study`, or if neither folder names *storage*.
    """
    folders = {folder: _settings_file(folder) for folder in (first, second)}
    given = [folder for folder, file in folders.items() if storage and _names(file, storage)]
    if storage and not given:
        raise SettingError(
            f"`storage` = {masked(storage)!r} is named by neither study; leave it out to "
            "compare two"
        )
    for folder, file in folders.items():
        if folder not in given:
            _storage(folder, file)  # refused before the other one is read
    first_storage, second_storage = (
        storage if folder in given else None for folder in (first, second)
    )
    return read_study(first, first_storage), read_study(second, second_storage)


def _names(file: SettingsFile | None, storage: str) -> bool:
    named = None if file is None else file.config.storage
    return named is not None and same_storage(named, storage)


def record_of(folder: Path, trials: StudyTrials) -> StudyRecord:
    """Read a folder as :func:`read_study` does, with trials that were read already."""
    file = _settings_file(folder)
    return _record(folder, None if file is None else file.config, *_result(folder), trials)


def study_trials(folder: Path, read: Callable[[str | None], StudyTrials | None]) -> StudyTrials:
    """What the study of a folder has measured.

    Args:
        folder: The study's folder; its result names the study of the storage.
        read: Reads a study of its storage by name; None for the one written to last.

    Raises:
        StudyError: If there is neither a result nor a measured plan, or a file is damaged.
    """
    result, subject = _result(folder)
    trials = read(None if subject is None else subject.study_name)
    if trials is None or (result is None and not trials.trials):
        raise _nothing(folder, () if trials is None else trials.damage)
    return trials


def _nothing(folder: Path, damage: Sequence[str] = ()) -> StudyError:
    if damage:
        return StudyError(
            f"study {str(folder)!r} has no result.json, and none of its measurements is "
            f"sound. {' '.join(damage)} Put back a copy of its storage, or run mpsearch search "
            "in it again"
        )
    return StudyError(
        f"study {str(folder)!r} holds neither a result.json nor measured plans; run "
        "mpsearch search in it first"
    )


def _record(
    folder: Path,
    config: Question | None,
    result: SearchResult | None,
    subject: Subject | None,
    trials: StudyTrials | None,
) -> StudyRecord:
    damage = () if trials is None else trials.damage
    left_out = list(damage)
    if result is None:
        left_out.append(
            "The search is not finished: held-back images, simpler methods and the bound come at "
            "its end."
        )
    if trials is None or not trials.trials:
        trials = None
        if result is None:
            raise _nothing(folder, damage)
        where = "holds no sound measurement" if damage else "is not in the folder"
        left_out.append(
            f"The storage with the measured plans {where}: their table and figures are left out."
        )
    profile = _profile(folder, result, trials)
    if profile is None:
        left_out.append(
            "Single layers were not measured: the sensitivity heatmap and the cumulative curves "
            "are left out; mpsearch profile with the same settings and this folder as `out` "
            "measures them."
        )
    if result is not None and trials is not None and len(trials.trials) > result.trials:
        left_out.append(
            f"The study has {len(trials.trials) - result.trials} measured plans more than when the "
            "result was written: the search has gone on and did not finish."
        )
    if trials is not None and trials.others:
        left_out.append(
            f"The storage holds other studies, which are not in this report: "
            f"{', '.join(trials.others)}."
        )
    return StudyRecord(
        name=folder.resolve().name,
        model=_model_name(folder, subject, config),
        result=result,
        subject=subject,
        trials=trials,
        profile=profile,
        settings=_settings_text(folder, subject, config),
        left_out=tuple(left_out),
    )


def folder_storage(folder: Path) -> str:
    """URL of the storage that a study's folder names or holds.

    Raises:
        StudyError: If there is none.
        SettingError: If study.toml is not one, or names a storage that may not be taken from it
            (:mod:`mpsearch.trust`).
    """
    url = _storage(folder, _settings_file(folder))
    if url is None:
        raise StudyError(
            f"study {str(folder)!r} has no storage: there is neither a study.db nor a study.toml "
            "that names one; run mpsearch search in it first"
        )
    return url


def _settings_file(folder: Path) -> SettingsFile | None:
    path = StudyFolder(folder).settings
    return SettingsFile.read(path) if path.is_file() else None


def _settings_text(folder: Path, subject: Subject | None, config: Question | None) -> str:
    if subject is not None:
        return subject.settings
    # A storage's URL may hold a password.
    return "" if config is None else settings_text(replace(config, storage=None), folder)


def _result(folder: Path) -> tuple[SearchResult | None, Subject | None]:
    file = StudyFolder(folder).result
    return read_result(file) if file.is_file() else (None, None)


def _storage(folder: Path, settings: SettingsFile | None) -> str | None:
    named = None if settings is None else settings.storage()
    if named is not None:
        return named
    file = usual_storage(folder)
    return sqlite_url(file) if file.is_file() else None


def _profile(
    folder: Path, result: SearchResult | None, trials: StudyTrials | None
) -> SensitivityProfile | None:
    """The profile in the folder, if it has single layers of this very network."""
    file = StudyFolder(folder).profile
    try:
        if not file.is_file():
            return None
    except OSError as error:
        raise StudyError(f"profile {str(file)!r} cannot be read ({error}); delete it") from error
    profile = read_profile(file)
    if result is not None:
        layers = result.plan.layers
    else:
        assert trials is not None
        layers = trials.trials[0].plan.layers
    same = tuple(layer.name for layer in profile.layers) == layers
    return profile if same and (profile.per_layer or profile.cumulative) else None


def _model_name(folder: Path, subject: Subject | None, config: Question | None) -> str:
    if subject is not None:
        return subject.model
    if config is None:
        return f"the model of {folder.resolve().name}"
    _, _, tail = (config.model or BUNDLED_DIGITS).rpartition(":")
    return Path(tail).stem
