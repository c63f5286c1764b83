"""What a file must be before a storage is opened in it: the kind it is taken for, or empty."""

import contextlib
import sqlite3
import stat
from pathlib import Path
from typing import Final

from mpsearch.study.storage.address import Address, Kind
from mpsearch.study.storage.journal_line import begins_journal
from mpsearch.study.storage.read_only import connect_read_only, is_database, require_stored
from mpsearch.study.storage.rollback import require_plain_journal
from mpsearch.values.errors import MPSearchError, SettingError, StudyError

_WRITE_AHEAD: Final = b"\2\2"  # bytes 18 and 19 of a database in that mode
_LOCK_SECONDS: Final = 1.0
_ESSENTIAL: Final = {  # table of Optuna's → columns that it has in every version
    "studies": {"study_id", "study_name"},
    "trials": {"trial_id", "study_id", "state"},
    "version_info": {"version_info_id", "schema_version"},
}
_KINDS: Final[dict[Kind, str]] = {
    "sqlite": "not an SQLite database of Optuna",
    "journal": "not a journal of Optuna, or its first line is damaged",
}


def require_storage_file(address: Address, writing: bool = True) -> None:
    """Check that the file of a storage, if there is one, is such a storage; nothing is changed.

    Args:
        address: Address of a ``sqlite`` or ``journal`` storage.
        writing: It may be written to: then it may be no link, and have no second name.

    Raises:
        SettingError: If it is something else (of writing).
        StudyError: If it is something else (of reading), or SQLite would delete another file.
        OSError: If it cannot be looked at.
    """
    assert address.path is not None
    if writing and address.kind == "sqlite":
        require_plain_journal(address.path)
    reason = _reason_to_refuse(address.kind, address.path, writing)
    if reason is not None:
        raise _refusal(address, reason, writing)


def _refusal(address: Address, reason: str, writing: bool) -> MPSearchError:
    path = str(address.path)
    if writing:
        return SettingError(f"storage {address.shown!r}: {path!r} {reason}; it is left as it is")
    return StudyError(
        f"the study's storage {path!r} cannot be read: it {reason}; give the folder of a search"
    )


def _reason_to_refuse(kind: Kind, path: Path, writing: bool) -> str | None:
    try:
        itself = path.lstat()
    except FileNotFoundError:
        return None
    if writing and stat.S_ISLNK(itself.st_mode):
        target = str(path.resolve())
        return f"is a symbolic link, and nothing is written through it: name {target!r} itself"
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file: name one; it is created if it is missing"
    if status.st_size and not _is(kind, path):
        return f"is {_KINDS[kind]}: name another file; it is created if it is missing"
    if writing and status.st_nlink > 1:
        # Two names have two rollback journals: https://sqlite.org/howtocorrupt.html
        return f"has {status.st_nlink} names (hard links): put a copy in its place"
    return None


def _is(kind: Kind, path: Path) -> bool:
    if kind == "journal":
        with path.open("rb") as file:
            return begins_journal(file)
    return is_database(path) and _is_optunas(path)


def _is_optunas(path: Path) -> bool:
    """Whether a database has Optuna's tables, or some of them and no others, or none at all.

    One that computes what it gives is none: Optuna makes no view and no trigger.
    """
    from optuna.storages._rdb.models import BaseModel  # noqa: PLC0415 - SQLAlchemy is slow

    try:
        tables = _tables(path)
    except sqlite3.Error:
        return False
    ours = {*BaseModel.metadata.tables, "alembic_version"}
    # Of a process that is killed while it makes them, or that makes them now, there are some.
    if not (set(tables) <= ours or set(_ESSENTIAL) <= set(tables)):
        return False
    return all(
        _ESSENTIAL[name] <= columns for name, columns in tables.items() if name in _ESSENTIAL
    )


def _tables(path: Path) -> dict[str, set[str]]:
    """Table → its columns.

    Raises:
        sqlite3.Error: If it is no database, or a damaged one.
    """
    with path.open("rb") as file:
        in_place = file.read(20)[18:] != _WRITE_AHEAD
    if in_place:
        # Fails on one that was not closed in time: reading alone cannot mend it.
        with contextlib.suppress(sqlite3.OperationalError):
            return _read_tables(connect_read_only(path, _LOCK_SECONDS))
    return _read_tables(connect_read_only(path, _LOCK_SECONDS, is_fixed=True))


def _read_tables(database: sqlite3.Connection) -> dict[str, set[str]]:
    with contextlib.closing(database):
        require_stored(database)
        tables: dict[str, set[str]] = {}
        for name, column in database.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
            "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ):
            tables.setdefault(str(name), set()).add(str(column))
        return tables
