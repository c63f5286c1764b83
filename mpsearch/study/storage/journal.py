"""A journal file that survives what happens to files."""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from mpsearch.study.storage.journal_line import (
    CREATE_TRIAL,
    NOTHING,
    OF_STUDIES,
    begins_journal,
    crc,
    failed_trial,
    read_line,
    sealed,
    stands_in,
)
from mpsearch.system.folders import open_as_it_is
from mpsearch.values.errors import EnvironmentFault, SettingError, StudyError

if sys.platform != "win32":
    import fcntl


class Journal(BaseJournalBackend):
    """Optuna's journal file; appending builds upon no torn line and waits for no dead process.

    The lock is the kernel's (``flock``) on the file itself: it goes with the process that holds it.
    Network file systems pass it on (NFS 3 and 4 under Linux do). A line that is damaged is left
    out, and the next knows when lines before it are lost.

    Args:
        path: The file; made if it is not there.
        writable: False where it is only read: then it has to be there.

    Raises:
        EnvironmentFault: Where there is no ``flock``.
        OSError: If it cannot be made, or is no regular file.
    """

    def __init__(self, path: Path, writable: bool = True) -> None:
        if sys.platform == "win32":
            raise EnvironmentFault(
                "journal storages need file locks that this system does not have; use sqlite:///"
            )
        self._path = path
        self._next, self._offset = 0, 0  # where reading goes on: a line's number, and its place
        self._before: str | None = NOTHING  # CRC-32 of the line read last; None if damaged
        #: Numbers of the lines that are damaged, or before which lines are lost; from 1.
        self.damaged: set[int] = set()
        if writable:
            open_as_it_is(path, os.O_RDWR | os.O_CREAT).close()

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """Entries from a number on; empty ones stand for what is damaged.

        Raises:
            StudyError: If a damaged line may have said what a study is.
        """
        if log_number_from != self._next:
            self._next, self._offset, self._before = 0, 0, NOTHING
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # being written, or torn
                entry = self._entry(line)
                if self._next > log_number_from:
                    yield entry

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, all or, if the disk refuses, none.

        Raises:
            SettingError: If the file is no journal.
        """
        with self._locked() as file:
            if not begins_journal(file):
                raise SettingError(
                    f"{str(self._path)!r} is no longer a journal of Optuna; it is left as it is"
                )
            end, before = _cut_torn_line(file)
            lines = b""
            for log in logs:
                line = sealed(log, before)
                lines, before = lines + line, crc(line)
            try:
                written = 0
                while written < len(lines):  # an unbuffered file may take less than it is given
                    written += file.write(lines[written:])
                os.fsync(file.fileno())
            except BaseException:
                os.ftruncate(file.fileno(), end)
                raise

    def lost(self, number: int, what: str) -> StudyError:
        """What is said of damage that cannot be left out.

        Args:
            number: Number of the line, from 1.
            what: It says or names.
        """
        return StudyError(
            f"journal {str(self._path)!r} is damaged at line {number}, which {what}; put back a "
            "copy of the file, or name another `storage` to start anew"
        )

    def _entry(self, line: bytes) -> dict[str, Any]:
        entry, follows = read_line(line, self._before)
        number = self._next + 1
        if entry is None or not follows:
            self.damaged.add(number)
        self._before = crc(line) if entry is not None else None
        if entry is None:
            entry = stands_in(line)
            if entry is None:
                raise self.lost(number, "may have said what a study is about")
        self._next, self._offset = number, self._offset + len(line)
        return entry

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        assert sys.platform != "win32"
        with open_as_it_is(self._path, os.O_RDWR) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file  # closing it lets go of the lock


class WholeJournal(JournalStorage):
    """Optuna's storage over a journal, which leaves out what is damaged instead of failing.

    Args:
        journal: The file.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        super().__init__(journal)

    @property
    def damaged(self) -> frozenset[int]:
        """Numbers of the lines that are damaged, or before which lines are lost; from 1."""
        return frozenset(self._journal.damaged)

    def _sync_with_backend(self) -> None:
        result = self._replay_result
        for entry in self._journal.read_logs(result.log_number_read):
            if not entry:
                result.log_number_read += 1
                continue
            if entry["op_code"] in OF_STUDIES:
                self._require_study(entry)
            try:
                result.apply_logs([entry])
            # Whatever it stumbles over, in a line without a checksum.
            except Exception:
                if entry["worker_id"] == result.worker_id:
                    raise  # of what this process has just asked for
                self._journal.damaged.add(result.log_number_read)
                if entry["op_code"] == CREATE_TRIAL:  # those after it keep their numbers
                    result._apply_create_trial(failed_trial(entry["study_id"]))

    def _require_study(self, entry: dict[str, Any]) -> None:
        """Optuna takes the line that begins a study for one that was never there."""
        study = entry.get("study_id")
        if not isinstance(study, int) or study >= self._replay_result._next_study_id:
            raise self._journal.lost(
                self._replay_result.log_number_read + 1, "names a study that no line before begins"
            )


def _cut_torn_line(file: BinaryIO) -> tuple[int, str]:
    """Leave *file* at the end of its last whole line; returns where that is, and its CRC-32."""
    end = file.seek(0, os.SEEK_END)
    tail, start = b"", end
    step = 4096
    while start and tail.count(b"\n") < 2:
        start, size = max(0, start - step), min(start, step)
        file.seek(start)
        tail = file.read(size) + tail
        step *= 2
    whole = tail.rfind(b"\n") + 1
    begin = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
    if start + whole < end:
        file.truncate(start + whole)
    before = crc(tail[begin:whole]) if whole else NOTHING
    return file.seek(start + whole), before
