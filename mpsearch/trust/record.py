"""Which ``study.toml`` files are trusted: one small file for each, in the user's state folder.

A file per entry needs no lock: processes that write at once write different files, or the same
one whole, one after the other. What is damaged, or may have been written by another user, is no
entry.
"""

import contextlib
import hashlib
import json
import os
import stat
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from mpsearch.system.files import write_text
from mpsearch.trust.state_folder import state_folder
from mpsearch.values.documents import read_document
from mpsearch.values.errors import EnvironmentFault, MPSearchError, SettingError
from mpsearch.values.study_toml import read_settings

Origin = Literal["written", "trusted"]

MOST_ENTRIES: Final = 4096
_KEPT: Final = 3072  # of more than that; to make room every time would read all every time
_FORM: Final = "mpsearch-trust"
_VERSION: Final = 1
_LARGEST: Final = 2**16


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that is trusted as long as it does not change.

    Attributes:
        file: Path of the file: its folder, with all links followed, and its name.
        sha256: SHA-256 of the file's content, hexadecimal.
        origin: ``written`` by mpsearch, or ``trusted`` by ``mpsearch trust``.
        when: Date and time, UTC.
    """

    file: str
    sha256: str
    origin: Origin
    when: str

    @property
    def state(self) -> Literal["unchanged", "changed", "missing"]:
        """What has become of the file."""
        try:
            digest = hashlib.sha256(read_settings(Path(self.file))).hexdigest()
        except (SettingError, ValueError):
            return "changed" if _is_there(self.file) else "missing"
        return "unchanged" if digest == self.sha256 else "changed"


def _is_there(file: str) -> bool:
    """Whether a path names something that can be looked at."""
    try:
        return Path(file).exists()
    except (OSError, ValueError):
        return False


def place_of(path: Path) -> str:
    """What a file is remembered by: its folder with all links followed, and its name.

    Raises:
        OSError, RuntimeError, ValueError: If it cannot be a path.
    """
    return str(path.parent.resolve() / path.name)


def remember(path: Path, sha256: str, origin: Origin) -> None:
    """Trust a file as long as its content has this digest.

    Raises:
        EnvironmentFault: If it cannot be remembered.
    """
    folder = _folder()
    if folder is None:
        raise EnvironmentFault(
            "there is no home to remember it in; set HOME, or XDG_STATE_HOME to a folder of yours"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = place_of(path)
        _make_room(folder)
    except (OSError, RuntimeError) as error:
        raise EnvironmentFault(
            f"cannot use {str(folder)!r}: {error}; set XDG_STATE_HOME to a folder of yours"
        ) from error
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"format": _FORM, "version": _VERSION, **asdict(Entry(place, sha256, origin, now))}
    write_text(folder / _name(place), json.dumps(entry) + "\n", private=True)


def is_trusted(path: Path, sha256: str) -> bool:
    """Whether a file with a content of this digest was written here by mpsearch, or trusted."""
    folder = _folder()
    try:
        place = place_of(path)
        entry = None if folder is None else _read(folder / _name(place))
    except (OSError, RuntimeError, ValueError):
        return False
    return entry is not None and (entry.file, entry.sha256) == (place, sha256)


def forget(path: Path) -> bool:
    """Trust a file no more; whether it was.

    Raises:
        EnvironmentFault: If the disk refuses.
    """
    folder = _folder()
    try:
        if folder is None:
            return False
        (folder / _name(place_of(path))).unlink()
    except (FileNotFoundError, NotADirectoryError, RuntimeError, ValueError):
        return False
    except OSError as error:
        raise EnvironmentFault(
            f"cannot forget {str(path)!r}: {error}; check the permissions of {str(folder)!r}"
        ) from error
    return True


def entries() -> tuple[list[Entry], list[Path]]:
    """All entries by their files' names, and the files in their folder that are none."""
    folder = _folder()
    pairs = [] if folder is None else [(path, _read(path)) for path in _files(folder)]
    good = sorted((e for _, e in pairs if e is not None), key=lambda entry: entry.file)
    return good, [path for path, entry in pairs if entry is None]


def _folder() -> Path | None:
    state = state_folder()
    return None if state is None else state / "trusted"


def _name(place: str) -> str:
    return f"{hashlib.sha256(os.fsencode(place)).hexdigest()}.json"


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.json"))
    except OSError:
        return []


def _read(path: Path) -> Entry | None:
    """An entry, or None where there is none that can be trusted."""
    try:
        if not _is_ours(path):
            return None
        fields = read_document(path, "record", _FORM, _VERSION, _LARGEST, SettingError)
        origin: Origin = "written" if fields.text("origin") == "written" else "trusted"
        entry = Entry(fields.text("file"), fields.text("sha256"), origin, fields.text("when"))
    except (OSError, MPSearchError):
        return None
    return entry if path.name == _name_or_none(entry.file) else None


def _name_or_none(place: str) -> str | None:
    try:
        return _name(place)
    except UnicodeError:
        return None


def _is_ours(path: Path) -> bool:
    """Whether only this user can have written a file."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return False
    if sys.platform == "win32":
        return True  # the folder is in the user's profile, which others cannot write to
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _make_room(folder: Path) -> None:
    """Drop entries where there are too many: of files that are gone first, then the oldest."""
    files = _files(folder)
    if len(files) < MOST_ENTRIES:
        return

    def worth(path: Path) -> tuple[bool, bool, str]:
        entry = _read(path)
        if entry is None:
            return (False, False, "")
        return (entry.state != "missing", entry.origin == "trusted", entry.when)

    for path in sorted(files, key=worth)[: len(files) - _KEPT]:
        with contextlib.suppress(OSError):  # another process makes room as well
            path.unlink()
