"""The only place that writes files: whole or not at all."""

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from mpsearch.core.errors import EnvironmentFault

if sys.platform != "win32":
    import fcntl

# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_TEMPORARY: Final = ".tmp"
_LONGEST_NAME: Final = 120  # bytes; file systems take 255, and suffixes follow


def write_with(path: Path, write: Callable[[BinaryIO], object], *, private: bool = False) -> Path:
    """Let *write* fill a temporary file beside *path*, then put it in place in one step.

    Readers see the old file or the new one, never a part. Missing folders are made. What a process
    that was killed while it wrote *path* has left beside it is removed. Only this user can read a
    *private* file.

    Raises:
        EnvironmentFault: If the disk refuses; the previous file is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The same for every write of this file, and short whatever its name.
        prefix = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"
        _sweep(path.parent, prefix)
        handle, temporary = _locked_temporary(path.parent, prefix)
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            if not private:
                os.chmod(temporary, 0o644)  # noqa: PTH101 - mkstemp makes private files
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {str(path)!r}: {error.strerror or error}; "
            "free space or choose another folder"
        ) from error
    return path


def _locked_temporary(folder: Path, prefix: str) -> tuple[int, str]:
    """A new file, open and locked: the kernel lets go of the lock when this process ends."""
    while True:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=_TEMPORARY)
        if sys.platform == "win32":
            return handle, temporary
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # a file system without locks: nobody can sweep there either
            return handle, temporary
        if os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)  # somebody swept it before it was locked


def _sweep(folder: Path, prefix: str) -> None:
    """Remove temporary files that no living process holds."""
    if sys.platform == "win32":
        return
    for old in folder.glob(f"{prefix}*{_TEMPORARY}"):
        with contextlib.suppress(OSError), old.open("rb") as file:  # another's, in use, or gone
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            old.unlink()


def write_bytes(path: Path, data: bytes) -> Path:
    """Write *data* to *path*, whole or not at all."""
    return write_with(path, lambda file: file.write(data))


def write_text(path: Path, text: str, *, private: bool = False) -> Path:
    r"""Write *text* to *path* as UTF-8 with ``\n`` line ends, whole or not at all."""
    data = text.encode()
    return write_with(path, lambda file: file.write(data), private=private)


def file_name(name: str) -> str:
    """Turn a layer, model or image name into one safe path component.

    Ordinary names stay as they are. Anything else keeps its letters, digits, ``.``, ``-`` and
    ``_``; other characters become ``_``. The result is never empty, hidden, a device name, or
    longer than 120 bytes. Two names may meet; use :func:`file_names` for a set.
    """
    safe = re.sub(r"[^\w.\-]", "_", name).strip(". ")
    if not safe or _RESERVED.match(safe):
        safe = f"_{safe}"
    cut = safe.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")
    return cut.rstrip(". ")


def file_names(names: list[str]) -> list[str]:
    """Safe file names for *names*, distinct even where upper and lower case are the same."""
    taken: set[str] = set()
    result = []
    for name in names:
        base = candidate = file_name(name)
        number = 2
        while candidate.casefold() in taken:
            candidate = f"{base}_{number}"
            number += 1
        taken.add(candidate.casefold())
        result.append(candidate)
    return result
