"""Settings of a command: its options over those of a ``study.toml``."""

import argparse
import re
from dataclasses import fields
from pathlib import Path

from mpsearch.cli.arguments.shared import comma_list
from mpsearch.trust import SettingsFile, storage_variable
from mpsearch.values.errors import SettingError, StudyError
from mpsearch.values.question import Question
from mpsearch.values.study_folder import SETTINGS


def settings(args: argparse.Namespace) -> tuple[Question, Path | None]:
    """The settings of a run, and the folder of its study.toml if one was given.

    Raises:
        SettingError: If an option or the file is wrong, or says what may not be taken from it.
    """
    study = getattr(args, "study", None)
    path = None if study is None else study_file(study)
    file = None if path is None else SettingsFile.read(path)
    names = {field.name for field in fields(Question)}
    given = {key: value for key, value in vars(args).items() if key in names}
    if given.get("images") is not None:
        given["images"] = tuple(given["images"])
    if given.get("lock") is not None:
        given["lock"] = parse_pairs("lock", given["lock"])
    if given.get("forbid") is not None:
        pairs = parse_pairs("forbid", given["forbid"])
        given["forbid"] = {pattern: comma_list(schemes) for pattern, schemes in pairs.items()}
    if given.get("tie") is not None:
        given["tie"] = tuple(given["tie"])
    if "storage" in given and given["storage"] is None:
        given["storage"] = storage_variable()
    if file is None:
        return Question().with_options(given), None
    return file.taken(given.keys(), given), file.path.parent


def study_file(text: str) -> Path:
    """The study.toml that a path names: the file itself, or the one in a study's folder.

    Raises:
        SettingError: If there is none.
    """
    path = Path(text)
    if is_folder(path):
        path = path / SETTINGS
    if not is_file(path):
        raise SettingError(f"study {text!r}: no such file; give a study.toml or a study's folder")
    return path


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; False for what cannot be a path at all."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether a path is a file; False for what cannot be a path at all."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Understand ``--size``.

    Raises:
        SettingError: If it is not HEIGHTxWIDTH.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", text)
    if match is None:
        raise SettingError(f"size {text!r} is not HEIGHTxWIDTH; write for instance 224x224")
    return int(match[1]), int(match[2] or match[1])


def parse_pairs(option: str, texts: list[str]) -> dict[str, str]:
    """``PATTERN=SCHEME`` texts as a mapping.

    Raises:
        SettingError: Names the text without an equals sign.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        pattern, equals, scheme = text.rpartition("=")
        if not (equals and pattern and scheme):
            raise SettingError(f"--{option} {text!r} is not PATTERN=SCHEME; try '*=fl16'")
        pairs[pattern] = scheme
    return pairs


def existing_folder(text: str) -> Path:
    """A study's folder; its study.toml names it too.

    Raises:
        StudyError: If there is no such folder.
    """
    path = Path(text)
    if path.name == SETTINGS:
        path = path.parent
    if not is_folder(path):
        raise StudyError(f"study {text!r}: no such folder; give the folder of a search")
    return path
