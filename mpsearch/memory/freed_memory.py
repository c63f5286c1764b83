"""Memory that was freed: kept for what comes next, given back where that would be too much."""

import ctypes
import os
from pathlib import Path
from typing import Any, Final

_SIZES: Final = Path("/proc/self/statm")  # in pages: all, resident, …
# Parameters of glibc's mallopt, from malloc.h, and their values; 32 MiB is the most it takes.
_TRIM_THRESHOLD: Final = -1, 512 * 2**20
_MMAP_THRESHOLD: Final = -3, 32 * 2**20
_LEAST_STEP: Final = 2**20  # bytes made between two looks


def keep_freed_memory() -> bool:
    """Ask the C library to keep up to half a gigabyte that was freed rather than give it back.

    Activations of some megabytes are freed and asked for again thousands of times; each time they
    come from the system, their pages have to be cleared and mapped anew.

    Returns:
        Whether there is such a setting: glibc has one.
    """
    mallopt = _of_the_c_library("mallopt")
    settings = (_TRIM_THRESHOLD, _MMAP_THRESHOLD)
    return mallopt is not None and all(bool(mallopt(*setting)) for setting in settings)


def give_back_freed_memory() -> None:
    """Have the C library give back what it keeps."""
    trim = _of_the_c_library("malloc_trim")
    if trim is not None:
        trim(0)


class FreedMemory:
    """Gives freed memory back to the system where keeping it would break a bound.

    glibc keeps what is freed below something that is still held, however much it is, and in older
    versions an aligned array hardly ever fits where such an array was (seen with 2.36): the
    process may grow with every array it makes.

    Args:
        memory: Bytes by which the process may grow from now on.
    """

    def __init__(self, memory: int) -> None:
        # What one stage makes is seen when it is there.
        self._limit = resident_nbytes() + memory - memory // 4
        self._step = max(_LEAST_STEP, memory // 16)
        self._unseen = 0
        self._trim = _of_the_c_library("malloc_trim")

    def made(self, nbytes: int) -> None:
        """Say that arrays of *nbytes* were made."""
        self._unseen += nbytes
        if self._unseen < self._step or self._trim is None:
            return
        self._unseen = 0
        if resident_nbytes() > self._limit:
            self._trim(0)


def resident_nbytes() -> int:
    """Bytes of memory this process has now; 0 where the system does not say."""
    try:
        return int(_SIZES.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _of_the_c_library(name: str) -> Any:
    """A function of glibc; None where there is none, or another C library."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
