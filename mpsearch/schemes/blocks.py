"""Work through large tensors in pieces that stay in the processor's cache, on all cores."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

BLOCK: Final = 2**15  # elements; a few float32 arrays of this size fit a second-level cache
# Threads meet at Python's lock between two blocks, so theirs are larger.
_THREAD_BLOCK: Final = 2**17
_THREADED: Final = 2**21  # elements from which starting threads pays
_PIECES: Final = 8  # an array is cut into at least so many, of which two are held at once
_MOST_BLOCKS: Final = 16  # in one of them; larger ones leave the cache
_PIPELINED: Final = 2**18  # elements from which threads pay where reading and writing wait
_MOST_THREADS: Final = 4  # memory is the limit beyond

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def each_block(size: int, work: Callable[[slice], None]) -> None:
    """Call *work* with consecutive slices that cover a flat array of *size* elements.

    Slices begin at multiples of :data:`BLOCK`.

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
    share = -(-size // (threads * BLOCK)) * BLOCK

    def run(start: int) -> None:
        for piece in _slices(start, min(start + share, size), _THREAD_BLOCK):
            work(piece)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(run, range(0, size, share)):
            pass


def each_block_in_order(
    size: int,
    before: Callable[[slice], _Given],
    work: Callable[[slice, _Given], _Made],
    after: Callable[[_Made], object],
) -> None:
    """Read, work and write in turn: the caller's thread reads and writes while another works.

    Few blocks are under way at once, so that little memory is held beside a large array. One
    thread works: two meet at Python's lock so often that they are slower.

    Args:
        size: Elements of a flat array; blocks begin at multiples of :data:`BLOCK`.
        before: Called for every block in order, by the calling thread.
        work: Gets what *before* gave.
        after: Gets what *work* made; called in order, by the calling thread.
    """
    step = min(max(size // _PIECES // BLOCK, 1), _MOST_BLOCKS) * BLOCK
    pieces = _slices(0, size, step)
    if size < _PIPELINED or _cores() == 1:
        for piece in pieces:
            after(work(piece, before(piece)))
        return
    under_way: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for piece in pieces:
            under_way.append(pool.submit(work, piece, before(piece)))
            if len(under_way) > 1:
                after(under_way.popleft().result())
        while under_way:
            after(under_way.popleft().result())


def _slices(start: int, stop: int, step: int) -> list[slice]:
    return [slice(i, min(i + step, stop)) for i in range(start, stop, step)]


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # where the system does not say
        return os.cpu_count() or 1
