"""An SQLite file, recognised, and opened so that nothing can be written or made in its place."""

import sqlite3
from pathlib import Path


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
    return sqlite3.connect(f"{path.resolve().as_uri()}?{settings}", uri=True, timeout=timeout)
