"""A study's dashboard, served for a test."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from mpsearch.api.dashboard import Dashboard


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Dashboard]:
    """Serve a folder on a free port, in a thread."""
    with Dashboard.open(folder, 0) as dashboard:
        thread = threading.Thread(target=dashboard.serve)
        thread.start()
        try:
            yield dashboard
        finally:
            dashboard.stop()
            thread.join()
