"""One of a few names."""

from collections.abc import Sequence
from typing import TypeVar

from mpsearch.values.errors import SettingError

Name = TypeVar("Name", bound=str)


def one_of(text: str, names: Sequence[Name], complaint: str) -> Name:
    """The one of *names* that *text* is.

    Args:
        text: What was given.
        names: What is allowed.
        complaint: What is wrong if it is none of them.

    Raises:
        SettingError: The complaint, and what to choose from.
    """
    for name in names:
        if name == text:
            return name
    raise SettingError(f"{complaint}; choose from {', '.join(names)}")
