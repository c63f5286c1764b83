"""What Keras says went wrong, in one line."""

import re
from typing import Final

# Keras puts words of its own around what happened in a call, and around a layer it cannot make.
_CALLED: Final = re.compile(
    r"Exception encountered when calling [^\n]*\n+\x1b\[1m(.+?)\x1b\[0m", re.DOTALL
)
_MADE: Final = re.compile(
    r".*Error when deserializing class '\w+' using config=\{'name': '([^']*)'.*"
    r"\nException encountered: (.+)",
    re.DOTALL,
)
_LONGEST: Final = 300  # letters


def cause_of(error: BaseException) -> str:
    """The first line of an error; of the cause where Keras put its own words around it."""
    text = str(error)
    while (called := _CALLED.search(text)) is not None:
        text = called[1]
    made = _MADE.match(text)
    if made is not None:
        text = f"layer {made[1]!r}: {made[2]}"
    lines = text.strip().splitlines()
    return (lines[0] if lines else type(error).__name__).strip().rstrip(".")[:_LONGEST]
