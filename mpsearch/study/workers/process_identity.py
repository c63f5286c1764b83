"""Which process on which machine, and whether it is still there."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_PROC: Final = Path("/proc")
_DEAD: Final = {"Z", "X"}  # a zombie, or one about to be


def this_process() -> dict[str, Any]:
    """Who we are, in words that JSON takes; ``machine`` is empty where it cannot be told apart."""
    return {
        "host": socket.gethostname(),
        "machine": _machine(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
    }


def is_known_dead(process: Mapping[str, Any]) -> bool:
    """Whether *process* ran on this machine, and is gone for certain.

    A process number that was given to another process since is recognized by its start time.
    """
    here = _machine()
    if not here or process.get("machine") != here:
        return False
    return _started(int(process["pid"])) != int(process["started"])


def _machine() -> str:
    """Host, boot and process namespace: two containers do not see each other's processes."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").readlink()
    except OSError:  # not Linux
        return ""
    return f"{socket.gethostname()} {boot} {namespace}"


def _started(pid: int) -> int:
    """When a living process began, in clock ticks since the system did; 0 if there is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    # The name in parentheses may hold anything, parentheses too.
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in _DEAD else int(fields[19])
