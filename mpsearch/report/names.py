"""Names as they can be shown: layers, schemes and studies may have any name."""

from typing import Final

_LONGEST: Final = 26  # letters of a name in a figure


def one_line(text: str) -> str:
    """Without line ends and other letters that cannot be seen, and without half a letter."""
    clean = _printable(text)
    return " ".join(clean.encode("utf-8", "replace").decode().split())


def short(name: str) -> str:
    """A name that fits: printable, and the middle left out if it is long."""
    clean = _printable(name).encode("utf-8", "replace").decode()
    if len(clean) <= _LONGEST:
        return clean
    return f"{clean[: _LONGEST // 2]}…{clean[-(_LONGEST // 2 - 1) :]}"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " for letter in text)
