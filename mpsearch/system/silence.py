"""Keep away what native libraries write past Python."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silenced(descriptor: int) -> Iterator[None]:
    """Send what C++ code writes to a file descriptor nowhere while the body runs.

    TensorFlow prints oneDNN and abseil notices to stderr that no log level stops, HiGHS a line to
    stdout. Python's own stream is silenced too where it shares the descriptor.

    Args:
        descriptor: 1 for stdout, 2 for stderr.
    """
    try:
        saved = os.dup(descriptor)
    except OSError:  # a process started without it has nothing to silence
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(saved, descriptor)
        os.close(saved)
        os.close(nowhere)
