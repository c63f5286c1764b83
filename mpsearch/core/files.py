"""The only place that writes files: whole or not at all."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from mpsearch.core.errors import EnvironmentFault

# Names that Windows keeps for devices, whatever their extension.
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_LONGEST_NAME: Final = 120  # bytes; file systems take 255, and suffixes follow


def write_with(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Let *write* fill a temporary file beside *path*, then put it in place in one step.

    Readers see the old file or the new one, never a part. Missing folders are made.

    Raises:
        EnvironmentFault: If the disk refuses; the previous file is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
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


def write_bytes(path: Path, data: bytes) -> Path:
    """Write *data* to *path*, whole or not at all."""
    return write_with(path, lambda file: file.write(data))


def write_text(path: Path, text: str) -> Path:
    r"""Write *text* to *path* as UTF-8 with ``\n`` line ends, whole or not at all."""
    return write_bytes(path, text.encode())


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
