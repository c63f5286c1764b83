"""Keep the chatter that native libraries write to file descriptor 2 away from the user."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silenced_native_stderr() -> Iterator[None]:
    """Send what C++ code writes to stderr nowhere while the body runs.

    TensorFlow prints oneDNN and abseil notices that no log level stops. Python's own
    ``sys.stderr`` is silenced too, as both share the descriptor.
    """
    try:
        saved = os.dup(2)
    except OSError:  # a process started without stderr has nothing to silence
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


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
