"""How much memory there is, and sizes as people write them."""

import os
import re
from typing import Final

from mpsearch.values.errors import SettingError

_FALLBACK: Final = 4 * 2**30  # where the system does not say
_LEAST: Final = 16 * 2**20
_UNITS: Final = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def default_memory() -> int:
    """Half of the memory that is free now, bytes."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _FALLBACK // 2
    return max(_LEAST, free // 2)


def parse_memory(text: str) -> int:
    """Parse the setting ``memory``: bytes, or a number with K, M, G (2¹⁰, 2²⁰, 2³⁰).

    Raises:
        SettingError: If it is no such number, or less than 16M.
    """
    match = re.fullmatch(r"(\d{1,15})\s*([kmgt]?)i?b?", text.strip().lower())
    size = int(match[1]) * _UNITS[match[2]] if match else 0
    if size < _LEAST:
        raise SettingError(f"memory {text!r} must be at least 16M; write for instance 4G")
    return size
