"""Freed memory is kept, but not without bound."""

import platform
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.memory.freed_memory import FreedMemory, keep_freed_memory, resident_nbytes

glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")

# All but the last of some aligned arrays are freed: what lies below it does not go back by itself.
PROGRAM = """
import ctypes, sys
from mpsearch.memory.freed_memory import FreedMemory, keep_freed_memory, resident_nbytes

keep_freed_memory()
lib = ctypes.CDLL(None)
lib.aligned_alloc.restype = ctypes.c_void_p
lib.free.argtypes = [ctypes.c_void_p]
size, memory = 2**20, 64 * 2**20
freed = FreedMemory(memory if sys.argv[1] == "bounded" else 2**40)
begun = resident_nbytes()
arrays = []
for _ in range(200):
    pointer = lib.aligned_alloc(64, size)
    ctypes.memset(pointer, 1, size)
    arrays.append(pointer)
for pointer in arrays[:-1]:  # below the last, which is still held
    lib.free(pointer)
    freed.made(size)
print(resident_nbytes() - begun)
"""


def grown(how: str) -> int:
    """Bytes of memory that a process still has after it freed 199 of 200 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@glibc_only
def test_freed_memory_is_given_back_where_it_would_break_the_bound() -> None:
    assert grown("free") > 150 * 2**20
    assert grown("bounded") < 64 * 2**20


@glibc_only
def test_the_c_library_takes_the_settings() -> None:
    assert keep_freed_memory()


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    assert not keep_freed_memory()


@given(st.lists(st.integers(0, 2**22), max_size=20))
def test_it_looks_once_per_step(made: list[int]) -> None:
    freed = FreedMemory(2**20)
    looks: list[int] = []
    freed._trim = looks.append
    freed._limit = 0
    for nbytes in made:
        freed.made(nbytes)
    assert len(looks) <= sum(made) // 2**20
    assert looks or sum(made) < 2**20 or max(made) < 2**20


def test_a_system_that_says_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError

    assert sys.platform != "linux" or resident_nbytes() > 2**20
    monkeypatch.setattr("pathlib.Path.read_bytes", missing)
    assert resident_nbytes() == 0
    FreedMemory(0).made(2**30)
