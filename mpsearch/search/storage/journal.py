"""A journal file that survives what happens to files."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages.journal import JournalFileBackend

from mpsearch.core.errors import EnvironmentFault

if sys.platform != "win32":
    import fcntl


class Journal(JournalFileBackend):
    """Optuna's journal file; appending builds upon no torn line and waits for no dead process.

    The lock is the kernel's (``flock``) on the file itself: it goes with the process that holds it.
    Network file systems pass it on (NFS 3 and 4 under Linux do).

    Args:
        path: The file; made if it is not there.

    Raises:
        EnvironmentFault: Where there is no ``flock``.
    """

    def __init__(self, path: Path) -> None:
        if sys.platform == "win32":
            raise EnvironmentFault(
                "journal storages need file locks that this system does not have; use sqlite:///"
            )
        super().__init__(str(path))
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, all or, if the disk refuses, none."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        with self._locked() as file:
            end = _cut_torn_line(file)
            try:
                written = 0
                while written < len(lines):  # an unbuffered file may take less than it is given
                    written += file.write(lines[written:])
                os.fsync(file.fileno())
            except BaseException:
                os.ftruncate(file.fileno(), end)
                raise

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        assert sys.platform != "win32"
        with self._path.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file  # closing it lets go of the lock


def _cut_torn_line(file: BinaryIO) -> int:
    """Leave *file* at its end, which is that of its last whole line; returns where that is."""
    end = whole = file.seek(0, os.SEEK_END)
    step = 4096
    while whole:
        start = max(0, whole - step)
        file.seek(start)
        at = file.read(whole - start).rfind(b"\n")
        if at >= 0:
            whole = start + at + 1
            break
        whole = start
    if whole < end:
        file.truncate(whole)
    return file.seek(whole)
