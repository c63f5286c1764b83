"""Memory of large arrays is used again, and never while anybody has it."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from mpsearch.memory import recycled
from mpsearch.memory.aligned import ALIGNMENT, address, aligned_empty
from mpsearch.memory.recycled import LEAST, recycled_empty

SIZE = LEAST + 1000


@pytest.fixture(autouse=True)
def nothing_spare() -> Iterator[None]:
    recycled._spare.clear()
    yield
    recycled._spare.clear()


def test_memory_that_nobody_has_is_given_again() -> None:
    first = recycled_empty(SIZE)
    where = address(first)
    first[:] = 7
    del first
    again = recycled_empty(SIZE - 500)
    assert (address(again), again.size, again[-1]) == (where, SIZE - 500, 7)
    assert not recycled._spare


def test_memory_is_not_given_while_a_view_of_it_lives() -> None:
    first = recycled_empty(SIZE)
    view = first[100:200].view(np.float32).reshape(5, 5)
    view[:] = 3
    del first
    gc.collect()
    other = recycled_empty(SIZE)
    other[:] = 255
    assert not np.shares_memory(other, view)
    assert (view == 3).all()


@pytest.mark.parametrize("size", [SIZE * 2, SIZE // 2, SIZE + 1])
def test_memory_of_another_size_is_let_go(size: int) -> None:
    first = recycled_empty(SIZE)
    del first
    assert len(recycled._spare) == 1
    assert recycled_empty(size).size == size
    assert sum(one.nbytes for one in recycled._spare) in {0, size}  # never the first as well


def test_one_is_kept_and_no_more() -> None:
    some = [recycled_empty(SIZE) for _ in range(3)]
    last = address(some[0])
    while some:
        some.pop()
    assert len(recycled._spare) == 1
    assert address(recycled._spare[0]) == last


def test_large_aligned_arrays_come_from_it_and_small_ones_do_not() -> None:
    for elements, spare in ((LEAST // 4, 1), (100, 1)):
        array = aligned_empty((elements,))
        assert address(array) % ALIGNMENT == 0
        assert array.flags.writeable
        array[:] = 1
        del array
        assert len(recycled._spare) == spare


def test_the_interpreter_ends_in_silence_while_memory_is_in_use() -> None:
    lines = (
        "from mpsearch.memory.aligned import aligned_empty; a = [aligned_empty((2**25,))]; a += [a]"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", lines], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
