"""How much memory there is, and sizes as people write them."""

import ctypes
import os
import re
from typing import Final

from mpsearch.core.errors import SettingError

_FALLBACK: Final = 4 * 2**30  # where the system does not say
_LEAST: Final = 16 * 2**20
# Parameters of glibc's mallopt, from malloc.h, and their values; 32 MiB is the most it takes.
_TRIM_THRESHOLD: Final = -1, 512 * 2**20
_MMAP_THRESHOLD: Final = -3, 32 * 2**20
_UNITS: Final = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def default_memory() -> int:
    """Half of the memory that is free now, bytes."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _FALLBACK // 2
    return max(_LEAST, free // 2)


def parse_memory(text: str) -> int:
    """Understand ``--memory``: bytes, or a number with K, M, G (2¹⁰, 2²⁰, 2³⁰).

    Raises:
        SettingError: If it is no such number, or less than 16M.
    """
    match = re.fullmatch(r"(\d{1,15})\s*([kmgt]?)i?b?", text.strip().lower())
    size = int(match[1]) * _UNITS[match[2]] if match else 0
    if size < _LEAST:
        raise SettingError(f"memory {text!r} must be at least 16M; write for instance 4G")
    return size


def keep_freed_memory() -> bool:
    """Ask the C library to keep up to half a gigabyte that was freed rather than give it back.

    Activations of some megabytes are freed and asked for again thousands of times; each time they
    come from the system, their pages have to be cleared and mapped anew.

    Returns:
        Whether there is such a setting: glibc has one.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc; not a system with such libraries
        return False
    return all(bool(mallopt(*setting)) for setting in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))
