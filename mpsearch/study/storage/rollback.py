"""What SQLite may delete when it opens a database that a process left in the middle of a write."""

import os
from pathlib import Path
from typing import Final

from mpsearch.values.errors import StudyError

_END: Final = bytes.fromhex("d9d505f920a163d7")  # of a journal that names another


def require_plain_journal(path: Path) -> None:
    """Refuse a database whose rollback journal names a super-journal.

    SQLite deletes the file that it names once the database is rolled back, wherever that is and
    whatever it holds. A process that writes one database at a time, as mpsearch does, never leaves
    such a journal; the author of a hostile study folder could.

    Raises:
        StudyError: Names the journal.
        OSError: If it cannot be read.
    """
    journal = Path(f"{path.resolve()}-journal")  # SQLite follows links as well
    if not journal.is_file():
        return
    with journal.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(_END)))
        end = file.read()
    if end == _END:
        raise StudyError(
            f"study's storage {str(path)!r}: {str(journal)!r} names a file that SQLite would "
            "delete, which no journal of mpsearch does; delete that journal, or the whole study"
        )
