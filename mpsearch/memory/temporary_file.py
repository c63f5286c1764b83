"""Arrays too large for memory, in a file without a name.

The system removes such a file when this process ends, however it ends. A memory map would do the
same with less code, but the pages it has read count as memory of the process until the system
takes them back.
"""

import errno
import os
import tempfile
import weakref
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.values.errors import EnvironmentFault

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SOME_FOLDER: Final = "the temporary folder"


class TemporaryFile:
    """Numbers that are written once, at the end, and read from anywhere.

    Args:
        what: Name of the numbers, for messages.
        nbytes: How many bytes will be written, if that is known: a disk that is too small says so
            at once.

    Raises:
        EnvironmentFault: If the disk refuses.
    """

    def __init__(self, what: str, nbytes: int = 0) -> None:
        self._what, self._expected = what, nbytes
        self._written = 0
        try:
            self._file: Any = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see below
            weakref.finalize(self, self._file.close)
            _reserve(self._file.fileno(), nbytes)
        except OSError as error:
            raise self._refused(error) from error

    def append(self, array: npt.NDArray[Any]) -> int:
        """Write an array, and return where it begins.

        Raises:
            EnvironmentFault: If the disk refuses.
        """
        begin, room = self._written, _as_bytes(np.ascontiguousarray(array))
        try:
            self._file.seek(begin)
            while len(room):
                room = room[self._file.write(room) :]
        except OSError as error:
            raise self._refused(error) from error
        self._written += array.nbytes
        return begin

    def read(self, begin: int, into: npt.NDArray[Any]) -> None:
        """Fill *into*, which is contiguous, with what was written from *begin* on.

        Raises:
            EnvironmentFault: If the disk fails.
        """
        room = _as_bytes(into)
        try:
            self._file.seek(begin)
            while len(room):
                count = self._file.readinto(room)
                if not count:
                    raise OSError(errno.EIO, "the file is too short")
                room = room[count:]
        except OSError as error:
            raise EnvironmentFault(
                f"cannot read {self._what} back from {_folder()}: {error.strerror}; check the "
                "disk, or set TMPDIR to another folder"
            ) from error

    def _refused(self, error: OSError) -> EnvironmentFault:
        nbytes = max(self._expected, self._written)
        return EnvironmentFault(
            f"cannot keep {nbytes / 2**20:,.0f} MiB of {self._what} in {_folder()}: "
            f"{error.strerror or error}; free space there, set TMPDIR to another folder, or give a "
            "larger `memory`"
        )


def _as_bytes(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _reserve(handle: int, nbytes: int) -> None:
    if not nbytes or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(handle, 0, nbytes)
    except OSError as error:  # not every file system can
        if error.errno in _FULL:
            raise


def _folder() -> str:
    try:
        return f"{_SOME_FOLDER} {tempfile.gettempdir()!r}"
    except OSError:  # there is none
        return _SOME_FOLDER
