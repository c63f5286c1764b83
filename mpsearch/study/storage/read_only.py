"""An SQLite file, recognised, and opened so that nothing can be written or made in its place."""

import sqlite3
from pathlib import Path
from typing import Any, Final

_LONGEST: Final = 256 * 2**20  # bytes of one value; expressions in a file can ask for any number
_COMPUTED: Final = """
    SELECT name FROM sqlite_master
    WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
    UNION ALL SELECT m.name FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c
    WHERE m.type = 'table' AND c.hidden != 0
    UNION ALL SELECT i.name FROM sqlite_master AS i, pragma_index_xinfo(i.name) AS c
    WHERE i.type = 'index' AND c.cid = -2
    LIMIT 1
"""


class BoundedConnection(sqlite3.Connection):
    """A connection on which no value is larger than any of a study."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)


def require_stored(database: sqlite3.Connection) -> None:
    """Refuse a database that computes what it gives instead of giving what is stored in it.

    A view, a trigger or a generated column is a program by the author of the file: a few words of
    it are rows without an end. Optuna makes none.

    Raises:
        sqlite3.Error: If there is such a thing, or if it is no database, or a damaged one.
    """
    if (row := database.execute(_COMPUTED).fetchone()) is not None:
        raise sqlite3.DatabaseError(f"{row[0]!r} is computed, not stored")


def is_database(path: Path) -> bool:
    """Whether a file begins as SQLite's do.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def connect_read_only(path: Path, timeout: float, is_fixed: bool = False) -> sqlite3.Connection:
    """Open a database for reading.

    Args:
        path: The file.
        timeout: Seconds to wait while another process holds the lock.
        is_fixed: Whether to read the file as it is: without locks, and with no file made beside it.

    Raises:
        sqlite3.Error: If there is no such file, or none that can be opened.
    """
    settings = "mode=ro&immutable=1" if is_fixed else "mode=ro"
    url = f"{path.resolve().as_uri()}?{settings}"
    return sqlite3.connect(url, uri=True, timeout=timeout, factory=BoundedConnection)
