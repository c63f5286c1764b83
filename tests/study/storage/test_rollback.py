"""Journals that would have SQLite delete a file of the user's."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.opening import open_storage
from mpsearch.study.storage.rollback import require_plain_journal
from mpsearch.values.errors import StudyError


def left_in_the_middle(folder: Path) -> Path:
    """A database as a killed process leaves it, with a journal that is rolled back."""
    work, left = folder / "work.db", folder / "study.db"
    with closing(sqlite3.connect(work)) as database:
        database.executescript("PRAGMA cache_size = 1; CREATE TABLE t (x); INSERT INTO t VALUES(1)")
        database.execute("BEGIN")
        database.executemany("INSERT INTO t VALUES(?)", [("y" * 200,)] * 1000)
        left.write_bytes(work.read_bytes())
        journal = Path(f"{work}-journal").read_bytes()
        Path(f"{left}-journal").write_bytes(journal)
        database.rollback()
    return left


def named(name: bytes) -> bytes:
    """The end of a journal that names a super-journal."""
    check = sum(byte if byte < 128 else byte - 256 for byte in name) & 0xFFFFFFFF
    end = struct.pack(">II", len(name), check) + bytes.fromhex("d9d505f920a163d7")
    return struct.pack(">I", 2**30 // 4096 + 1) + name + end


def test_a_journal_that_names_another_file_is_refused_and_that_file_stays(tmp_path: Path) -> None:
    path, mine = left_in_the_middle(tmp_path), tmp_path / "mine.txt"
    mine.write_text("mine")
    with Path(f"{path}-journal").open("ab") as journal:
        journal.write(named(str(mine).encode()))
    for name in ("study.db", "alias.db"):
        if name == "alias.db":
            (tmp_path / name).symlink_to(path)
        with pytest.raises(StudyError, match="SQLite would delete"):
            open_storage(Address.parse(sqlite_url(tmp_path / name)))
    assert mine.read_text() == "mine"
    # What this guards against is true: SQLite itself deletes it.
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (1,)
    assert not mine.exists()


def test_a_journal_of_a_killed_process_is_taken(tmp_path: Path) -> None:
    path = left_in_the_middle(tmp_path)
    require_plain_journal(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (1,)


@pytest.mark.parametrize("content", [b"", b"x", bytes(7), bytes(512)])
def test_other_journals_are_left_to_sqlite(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.db-journal").write_bytes(content)
    require_plain_journal(tmp_path / "study.db")
