"""Keep TensorFlow's chatter away from the user of a command."""

import io
import logging
import os
import sys
import warnings


def keep_stderr_for_python() -> None:
    """For the rest of the process, let only Python's ``sys.stderr`` reach the terminal."""
    try:
        terminal = os.dup(2)
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = io.TextIOWrapper(
        os.fdopen(terminal, "wb", buffering=0),
        encoding="utf-8",
        errors="replace",
        write_through=True,
    )
    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it finds, we say in our words
    warnings.simplefilter("ignore")  # Keras warns about things a user of the command cannot change
