"""Notes to the user, on stderr."""

import sys
from collections.abc import Iterable

from mpsearch.cli.flags import with_flags


def print_notes(notes: Iterable[str]) -> None:
    """One line per note."""
    for note in notes:
        plain = "".join(c if c.isprintable() else " " for c in with_flags(note))
        print(f"mpsearch: note: {plain}", file=sys.stderr)
