"""What Keras says went wrong, in one line."""

import re
from typing import Final

_WRAPPED: Final = re.compile(
    r"Exception encountered when calling [^\n]*\n+\x1b\[1m(.+?)\x1b\[0m", re.DOTALL
)
_LONGEST: Final = 300  # letters


def cause_of(error: BaseException) -> str:
    """The first line of an error; of the cause where Keras put its own words around it."""
    text = str(error)
    while (wrapped := _WRAPPED.search(text)) is not None:
        text = wrapped[1]
    lines = text.strip().splitlines()
    return (lines[0] if lines else type(error).__name__).strip().rstrip(".")[:_LONGEST]
