"""Whether this process has a storage for itself."""

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Literal

from mpsearch.system.folders import open_as_it_is
from mpsearch.values.errors import SettingError

if sys.platform != "win32":
    import fcntl

Turn = Literal["alone", "shared", "wait"]


class Doorway:
    """A lock file beside a file storage: a process that is alone need not claim what it measures.

    The first process holds the lock for itself. A later process cannot have it, adds a byte to
    the file, and waits. The first sees at its next step that the file has grown, and from then on
    shares the lock: now all claim. The kernel frees the lock of a process that dies.

    Args:
        beside: The storage's file; None for a server, where no process can know that it is alone.
    """

    def __init__(self, beside: Path | None) -> None:
        self._beside = beside
        self._file: BinaryIO | None = None
        self._size = 0
        self._turn: Turn = "wait"

    def turn(self) -> Turn:
        """``alone``, ``shared``, or ``wait``: the process that was alone has not noticed us yet.

        Raises:
            SettingError: If there is another file in the place of the lock file.
        OSError: If it cannot be made.
        """
        if self._beside is None or sys.platform == "win32":
            return "shared"
        if self._file is None:
            self._turn = self._enter(self._beside)
        elif self._turn == "alone" and self._knocked():
            fcntl.flock(self._file, fcntl.LOCK_SH)
            self._turn = "shared"
        elif self._turn == "wait" and self._lock(fcntl.LOCK_SH):
            self._turn = "shared"
        return self._turn

    @property
    def is_alone(self) -> bool:
        """Whether no other process was there when :meth:`turn` was last called."""
        return self._turn == "alone"

    def leave(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            self._file.close()
        self._file, self._turn = None, "wait"

    def _enter(self, beside: Path) -> Turn:
        assert sys.platform != "win32"
        require_lock_file(beside)
        self._file = open_as_it_is(_lock_file(beside), os.O_RDWR | os.O_CREAT | os.O_APPEND)
        # Read before the lock is had: other processes add their byte later.
        self._size = self._length()
        if self._lock(fcntl.LOCK_EX):
            return "alone"
        self._file.write(b".")
        return "shared" if self._lock(fcntl.LOCK_SH) else "wait"

    def _knocked(self) -> bool:
        return self._length() > self._size

    def _length(self) -> int:
        assert self._file is not None
        return self._file.seek(0, 2)

    def _lock(self, kind: int) -> bool:
        assert sys.platform != "win32"
        assert self._file is not None
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_in_use(beside: Path) -> bool:
    """Whether a living process of this machine searches in the file storage *beside*."""
    if sys.platform == "win32":
        return False
    try:
        with open_as_it_is(_lock_file(beside)) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file, or none of ours
        return False
    return False


def require_lock_file(beside: Path) -> None:
    """Check that the lock file of a file storage, if there is one, is one; nothing is changed.

    Raises:
        SettingError: If it is something else: another program's, or a link.
        OSError: If it cannot be looked at.
    """
    path = _lock_file(beside)
    try:
        itself = path.lstat()
        if stat.S_ISREG(itself.st_mode) and itself.st_nlink == 1 and _is_lock(path):
            return
    except FileNotFoundError:
        return
    raise SettingError(
        f"storage {str(beside)!r} needs the file {path.name!r} beside it for its lock, and another "
        "is there, or a link; it is left as it is: move it away, or name another storage"
    )


def _is_lock(path: Path) -> bool:
    """Whether it holds a byte for every process that waited, and nothing else."""
    with path.open("rb") as file:
        return all(not piece.strip(b".") for piece in iter(lambda: file.read(4096), b""))


def _lock_file(beside: Path) -> Path:
    return beside.with_name(f"{beside.name}.lock")
