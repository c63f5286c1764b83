"""Whatever operation of the disk fails: the file of before, nothing beside it, one line."""

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from failing_disk import FailingDisk, no_file_beyond
from packed_files import write as write_packed_file

from mpsearch.system.files import write_text, write_with
from mpsearch.values.errors import EnvironmentFault

EVEN = np.random.default_rng(0).normal(0, 0.1, 5000).astype(np.float32)
LAYERS = ((EVEN,), (EVEN[:1000], EVEN[:9]))


def in_pieces(path: Path) -> None:
    write_with(path, lambda file: [file.write(bytes(5000)) for _ in range(20)])


WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: write_text(path, "new\n"),
    "in pieces": in_pieces,
    "packed": lambda path: write_packed_file(path, ("original", "int4c"), LAYERS),
    "packed, coded": lambda path: write_packed_file(path, ("fix8", "fl16"), LAYERS, "entropy"),
}


def require_refused(write: Callable[[Path], object], path: Path, before: bytes | None) -> None:
    with pytest.raises(EnvironmentFault) as error:
        write(path)
    assert str(error.value).isprintable()
    assert path.name in str(error.value)
    assert "free space or choose another folder" in str(error.value)
    left = {one: one.read_bytes() for one in path.parent.iterdir()}
    assert left == ({} if before is None else {path: before})


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("before", [None, b"old"])
@pytest.mark.parametrize("name", WRITERS)
def test_any_operation_may_fail(
    tmp_path: Path, name: str, before: bytes | None, for_good: bool
) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    for nth in count(1):
        disk = FailingDisk(nth, for_good)
        with disk.broken():
            try:
                require_refused(WRITERS[name], path, before)
            except pytest.fail.Exception:
                assert not disk.has_failed
                break  # nothing was left to fail
        assert disk.has_failed
    assert nth > 4
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() != before


@pytest.mark.skipif(os.name != "posix", reason="needs limits of file sizes")
@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_full_at_any_byte(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    WRITERS[name](path)
    size = path.stat().st_size
    path.write_bytes(b"old")
    for nbytes in {*range(0, size, 512), 1, size - 1}:
        with no_file_beyond(nbytes):
            require_refused(WRITERS[name], path, b"old")
    with no_file_beyond(size):
        WRITERS[name](path)
    assert path.stat().st_size == size


@pytest.mark.skipif(sys.platform == "win32", reason="needs file locks")
def test_what_the_dead_left_is_swept_and_what_the_living_write_is_not(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    write_text(other, "other\n")

    def within(file: object) -> None:
        (living,) = tmp_path.glob(".*.tmp")
        dead = living.with_name(f"{living.name[:14]}dead.tmp")
        dead.write_bytes(b"half")
        stranger = tmp_path / ".stranger.tmp"
        stranger.write_bytes(b"half")
        write_text(path, "from elsewhere\n")
        assert set(tmp_path.iterdir()) == {path, other, living, stranger}
        stranger.unlink()

    write_with(path, within)
    assert set(tmp_path.iterdir()) == {path, other}
