"""What the user of the Python API should know."""

import warnings


def warn(note: str) -> None:
    """Say a note as a Python warning; commands print it instead."""
    warnings.warn(note, RuntimeWarning, stacklevel=2)
