"""A folder that files are put into, held open so that no link leads out of it."""

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from mpsearch.values.errors import SettingError

if sys.platform != "win32":
    import fcntl

_TEMPORARY: Final = ".tmp"
# A link, or a pipe that would be waited for, is not opened; Windows lacks the words.
_AS_IT_IS: Final = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_BINARY: Final = getattr(os, "O_BINARY", 0)
_DIRECTORY: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
# Files can be made in folders that may not be listed.
_NO_LIST: Final = _DIRECTORY | getattr(os, "O_PATH", 0)


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder: names are looked up in it, whatever becomes of its path meanwhile.

    Attributes:
        path: Path of the folder.
        handle: The system's handle; None on Windows, where names are looked up by the path.
    """

    path: Path
    handle: int | None

    def temporary(self, prefix: str, private: bool = False) -> tuple[int, str]:
        """A new file, open for writing and locked: the lock goes with the process that has it.

        Args:
            prefix: Prefix of the file's name.
            private: Only this user can read it.

        Returns:
            Its handle, and its name.
        """
        mode = 0o600 if private else 0o666
        while True:
            name = f"{prefix}{secrets.token_hex(6)}{_TEMPORARY}"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _AS_IT_IS | _BINARY
            handle = os.open(self._at(name), flags, mode, dir_fd=self.handle)
            if sys.platform == "win32":
                return handle, name
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError:  # a file system without locks: no process can sweep there either
                return handle, name
            if os.fstat(handle).st_nlink:
                return handle, name
            os.close(handle)  # another process swept it before it was locked

    def replace(self, name: str, new: str) -> None:
        """Rename a file; what was called *new* before is gone, a link as well."""
        os.replace(self._at(name), self._at(new), src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self.handle)

    def remove_empty(self, name: str) -> None:
        """Remove a folder, if nothing is in it."""
        with contextlib.suppress(OSError):
            os.rmdir(self._at(name), dir_fd=self.handle)

    def names(self) -> list[str]:
        """Names of all that is in the folder, sorted."""
        if self.handle is None:
            return sorted(os.listdir(self.path))  # noqa: PTH208 - names are wanted
        listed = os.open(".", _DIRECTORY, dir_fd=self.handle)
        try:
            return sorted(os.listdir(listed))  # noqa: PTH208 - of a handle
        finally:
            os.close(listed)

    def files(self, most: int | None = None) -> dict[str, int]:
        """Regular files in it, no links, and their bytes; of the first names, if *most* says so."""
        sizes = {}
        for name in self.names()[:most]:
            with contextlib.suppress(OSError):  # gone
                status = os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    sizes[name] = status.st_size
        return sizes

    def sweep(self, prefix: str) -> None:
        """Remove temporary files that no living process holds."""
        if sys.platform == "win32":
            return
        for name in self.names():
            if name.startswith(prefix) and name.endswith(_TEMPORARY):
                with contextlib.suppress(OSError):  # another's, in use, or gone
                    self._sweep(name)

    def _sweep(self, name: str) -> None:
        assert sys.platform != "win32"
        handle = os.open(self._at(name), os.O_RDONLY | _AS_IT_IS, dir_fd=self.handle)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(self._at(name), dir_fd=self.handle)
        finally:
            os.close(handle)

    def _at(self, name: str) -> str:
        return name if self.handle is not None else str(self.path / name)


@contextlib.contextmanager
def opened_folder(folder: Path, within: Path) -> Iterator[Folder]:
    """Open *folder*, made if it is missing; no folder between it and *within* may be a link.

    Args:
        folder: *within*, or a folder somewhere inside.
        within: The folder that the user named; it may be a link, or be reached by links.

    Raises:
        SettingError: If a folder inside *within* is a symbolic link.
        OSError: If the system refuses.
    """
    steps = folder.relative_to(within).parts
    within.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        place = within
        for step in steps:
            place /= step
            _require_no_link(place)
            place.mkdir(exist_ok=True)
        yield Folder(folder, None)
        return
    handle = os.open(within, _NO_LIST)
    try:
        place = within
        for step in steps:
            place /= step
            inner = _inner(handle, step, place)
            os.close(handle)
            handle = inner
        yield Folder(folder, handle)
    finally:
        os.close(handle)


def regular_files(folder: Path, most: int | None = None) -> dict[Path, int]:
    """Files as in :meth:`Folder.files`, sorted; none if it is a link, missing, or unreadable.

    Args:
        folder: Looked up by its path.
        most: Names that are looked at.
    """
    try:
        sizes = {} if folder.is_symlink() else Folder(folder, None).files(most)
    except OSError:
        return {}
    return {folder / name: nbytes for name, nbytes in sizes.items()}


def open_as_it_is(path: Path, flags: int = os.O_RDONLY) -> BinaryIO:
    """Open a regular file, unbuffered; a link, a pipe or a device is not opened.

    Args:
        path: The file.
        flags: Flags of :func:`os.open`; with ``O_CREAT`` a missing file is created.

    Raises:
        OSError: If the system refuses, or it is no regular file.
    """
    handle = os.open(path, flags | _AS_IT_IS | _BINARY, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{str(path)!r} is no regular file")
        return os.fdopen(handle, "rb" if flags & (os.O_WRONLY | os.O_RDWR) == 0 else "r+b", 0)
    except BaseException:
        os.close(handle)
        raise


def _inner(handle: int, step: str, place: Path) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(step, dir_fd=handle)
    try:
        return os.open(step, _NO_LIST | os.O_NOFOLLOW, dir_fd=handle)
    except OSError:
        _require_no_link(place)
        raise


def _require_no_link(place: Path) -> None:
    if place.is_symlink():
        target = os.readlink(place)  # noqa: PTH115 - as it is written
        raise SettingError(
            f"folder {str(place)!r} is a symbolic link to {target!r}, and nothing is written "
            "through links inside a folder; remove the link, or name the place itself with `to` or "
            "`out`"
        )
