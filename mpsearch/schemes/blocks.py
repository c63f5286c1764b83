"""Work through large tensors in pieces that stay in the processor's cache, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

BLOCK: Final = 2**15  # elements; a few float32 arrays of this size fit a second-level cache
# Threads meet at Python's lock between two blocks, so theirs are larger.
_THREAD_BLOCK: Final = 2**17
_THREADED: Final = 2**21  # elements from which starting threads pays
_MOST_THREADS: Final = 4  # memory is the limit beyond


def each_block(size: int, work: Callable[[slice], None]) -> None:
    """Call *work* with consecutive slices that cover a flat array of *size* elements.

    Large arrays are shared out among threads: *work* must touch nothing outside its slice, and
    spend its time in numpy, which lets go of Python's lock.

    Raises:
        Exception: Whatever *work* raises, for the first slice for which it does.
    """
    if 0 < size <= BLOCK:  # most tensors are small, and there are many of them
        work(slice(0, size))
        return
    threads = min(_MOST_THREADS, _cores()) if size >= _THREADED else 1
    if threads == 1:
        for piece in _slices(0, size, BLOCK):
            work(piece)
        return
    share = -(-size // threads)

    def run(start: int) -> None:
        for piece in _slices(start, min(start + share, size), _THREAD_BLOCK):
            work(piece)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(run, range(0, size, share)):
            pass


def _slices(start: int, stop: int, step: int) -> list[slice]:
    return [slice(i, min(i + step, stop)) for i in range(start, stop, step)]


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # where the system does not say
        return os.cpu_count() or 1
