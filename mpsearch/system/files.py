"""The only place that writes files: whole or not at all."""

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from mpsearch.system.folders import opened_folder
from mpsearch.values.errors import EnvironmentFault

# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_LONGEST_NAME: Final = 120  # bytes; file systems take 255, and suffixes follow


def write_with(
    path: Path,
    write: Callable[[BinaryIO], object],
    within: Path | None = None,
    *,
    private: bool = False,
) -> Path:
    """Let *write* fill a temporary file beside *path*, then put it in place in one step.

    Readers see the old file or the new one, never a part. Missing folders are made. What a process
    that was killed while it wrote *path* has left beside it is removed. If *path* is a symbolic
    link, the new file takes the link's place, and what it led to stays as it is.

    Args:
        path: The file.
        write: Is given an empty file.
        within: The folder that the user named; folders between it and *path* may not be links.
            That of *path* where it is None.
        private: Only this user can read the file.

    Raises:
        SettingError: If a folder inside *within* is a symbolic link; nothing is written.
        EnvironmentFault: If the disk refuses; the previous file is untouched.
    """
    # The same for every write of this file, and short whatever its name.
    prefix = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"
    try:
        with opened_folder(path.parent, path.parent if within is None else within) as folder:
            with contextlib.suppress(OSError):  # one that may not be listed
                folder.sweep(prefix)
            handle, temporary = folder.temporary(prefix, private)
            try:
                with os.fdopen(handle, "wb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                    if sys.platform != "win32":  # while it is locked, so that no sweep takes it
                        folder.replace(temporary, path.name)
                if sys.platform == "win32":  # an open file cannot be renamed there
                    folder.replace(temporary, path.name)
            except BaseException:
                folder.remove(temporary)
                raise
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {str(path)!r}: {error.strerror or error}; "
            "free space or choose another folder"
        ) from error
    return path


def write_bytes(path: Path, data: bytes, within: Path | None = None) -> Path:
    """Write *data* to *path*, as :func:`write_with`."""
    return write_with(path, lambda file: file.write(data), within)


def write_text(path: Path, text: str, within: Path | None = None, *, private: bool = False) -> Path:
    r"""Write *text* to *path* as UTF-8 with ``\n`` line ends, as :func:`write_with`."""
    data = text.encode()
    return write_with(path, lambda file: file.write(data), within, private=private)


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
