"""Notes to the user of the Python API."""

import warnings


def warn(note: str) -> None:
    """Issue a note as a Python warning; commands print it instead."""
    warnings.warn(note, RuntimeWarning, stacklevel=2)
