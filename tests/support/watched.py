"""What this process opens and connects to, as Python's audit hooks tell it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_current: list[tuple[Path, list[str]]] = []  # a hook stays for good, so there is one


def _hook(event: str, values: tuple[Any, ...]) -> None:
    if not _current:
        return
    folder, seen = _current[-1]
    if event == "socket.connect":
        seen.append(f"{event} {values[1]}")
    elif event == "sqlite3.connect":
        seen.append(f"{event} {values[0]}")
    elif event == "open" and isinstance(values[0], str | bytes) and values[2] & _WRITES:
        path = Path(os.fsdecode(values[0])).absolute()
        if path.is_relative_to(folder):
            seen.append(f"{event} {path}")


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """What is connected to, and opened for writing in a folder, meanwhile."""
    if not getattr(sys, "_mpsearch_tests_watch", False):
        sys.addaudithook(_hook)
        setattr(sys, "_mpsearch_tests_watch", True)  # noqa: B010 - of the interpreter, as the hook
    seen: list[str] = []
    _current.append((folder, seen))
    try:
        yield seen
    finally:
        _current.pop()
