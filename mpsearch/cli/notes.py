"""What the user should know, said on stderr."""

import sys
from collections.abc import Iterable


def print_notes(notes: Iterable[str]) -> None:
    """One line per note."""
    for note in notes:
        print(f"mpsearch: note: {note}", file=sys.stderr)
