"""Limits of the inspecting child process."""

import contextlib
import sys
from typing import Final

MEMORY: Final = 2**30  # bytes of address space; a large honest model takes 350 MB
_CPU_SECONDS: Final = 5.0
# By the clock, a machine with much to do takes many times as long; processor time is what bounds
# the work, where the system counts it.
_WALL_SECONDS: Final = 10.0 if sys.platform == "win32" else 60.0
_BYTES_PER_SECOND: Final = 50 * 2**20  # a slow disk: checksums read every byte of an archive


def processor_seconds(size: int) -> int:
    """Most processor time that the inspection of a file may take.

    Args:
        size: Size of the file, in bytes.
    """
    return int(_CPU_SECONDS + size / _BYTES_PER_SECOND)


def wall_seconds(size: int) -> float:
    """Longest that the inspection of a file may take, by the clock.

    Args:
        size: Size of the file, in bytes.
    """
    return _WALL_SECONDS + size / _BYTES_PER_SECOND


def limit_this_process(size: int) -> None:
    """Bound memory and time of this process, and forbid it to write files.

    Where the system has no such limits (Windows), the parent's clock is the only one.

    Args:
        size: Size of the file to be inspected, in bytes.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    for kind, most, grace in (
        (resource.RLIMIT_AS, MEMORY, 0),
        # At the soft limit it is killed by a signal that says so, SIGXCPU.
        (resource.RLIMIT_CPU, processor_seconds(size), 1),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, before = resource.getrlimit(kind)
        hard = most + grace if before == resource.RLIM_INFINITY else min(most + grace, before)
        with contextlib.suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(kind, (min(most, hard), hard))
