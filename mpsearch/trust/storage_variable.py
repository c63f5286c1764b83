"""The storage that the environment names."""

import os
from typing import Final

from mpsearch.values.secret import HIDDEN, masked

#: Stands for the setting ``storage`` where that is not given.
STORAGE_VARIABLE: Final = "MPSEARCH_STORAGE"


def storage_variable() -> str | None:
    """The URL in :data:`STORAGE_VARIABLE`, or None."""
    return os.environ.get(STORAGE_VARIABLE) or None


def same_storage(url: str, other: str) -> bool:
    """Whether two URLs name the same storage, whatever their passwords."""
    return _bare(url) == _bare(other)


def _bare(url: str) -> str:
    return masked(url).replace(f":{HIDDEN}@", "@", 1)
