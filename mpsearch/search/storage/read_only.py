"""An SQLite file, opened so that nothing can be written to it or made in its place."""

import sqlite3
from pathlib import Path


def connect_read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a database for reading.

    Args:
        path: The file.
        timeout: Seconds to wait where another process holds its lock.

    Raises:
        sqlite3.Error: If there is no such file, or none that can be opened.
    """
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=timeout)
