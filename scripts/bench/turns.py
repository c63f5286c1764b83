"""Wall times, of what is compared by turns."""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def timed(run: Callable[[], Found]) -> tuple[float, Found]:
    """Wall time of one run in seconds, and what came of it."""
    begun = time.perf_counter()
    found = run()
    return time.perf_counter() - begun, found


def medians(turns: int, *works: Callable[[], object]) -> list[float]:
    """Median wall time of each in seconds, taken by turns."""
    times = [[timed(work)[0] for work in works] for _ in range(turns)]
    return [statistics.median(found) for found in zip(*times, strict=True)]
