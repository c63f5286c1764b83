"""Names as they can be shown: layers, schemes and studies may have any name."""

from typing import Final

_LONGEST: Final = 26  # letters of a name in a figure


def one_line(text: str) -> str:
    """Without line ends and other letters that cannot be seen, and without half a letter."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(clean.encode("utf-8", "replace").decode().split())


def short(name: str) -> str:
    """A name that fits: printable, and the middle left out if it is long."""
    clean = "".join(letter if letter.isprintable() else " " for letter in name)
    clean = clean.encode("utf-8", "replace").decode()
    if len(clean) <= _LONGEST:
        return clean
    return f"{clean[: _LONGEST // 2]}…{clean[-(_LONGEST // 2 - 1) :]}"
