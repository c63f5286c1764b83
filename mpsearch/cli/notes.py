"""What the user should know, said on stderr."""

import sys
from collections.abc import Iterable


def print_notes(notes: Iterable[str]) -> None:
    """One line per note."""
    for note in notes:
        plain = "".join(c if c.isprintable() else " " for c in note)
        print(f"mpsearch: note: {plain}", file=sys.stderr)
