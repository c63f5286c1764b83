"""Images in memory or in a file: the same numbers, the same digest."""

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from failing_disk import no_file_beyond
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.memory import input_images
from mpsearch.memory.input_images import InputImages
from mpsearch.values.errors import EnvironmentFault
from mpsearch.values.fingerprint import array_digest


def some_images(count: int) -> Any:
    return np.random.default_rng(count).normal(0, 1, (count, 3, 2, 1)).astype(np.float32)


def kept(array: Any, memory: int, step: int = 2) -> InputImages:
    pieces = (array[i : i + step] for i in range(0, len(array), step))
    return InputImages.kept(array.shape, pieces, memory)


@given(st.integers(1, 9), st.booleans(), st.data())
def test_they_read_like_the_array_they_are(count: int, in_file: bool, data: Any) -> None:
    array = some_images(count)
    found = kept(array, 0 if in_file else array.nbytes)
    assert found.resident_nbytes == (0 if in_file else array.nbytes)
    for _ in range(2):
        start, stop = sorted(data.draw(st.tuples(st.integers(0, count), st.integers(0, count))))
        np.testing.assert_array_equal(found[start:stop], array[start:stop])
        np.testing.assert_array_equal(np.asarray(found), array)
        assert (found.shape, len(found), found.nbytes) == (array.shape, count, array.nbytes)
        assert found.digest() == array_digest([array])
        rows = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1)), dtype=np.int64)
        found, array, count = found.of(rows), array[rows], len(rows)


def test_the_digest_of_many_pieces_is_that_of_one_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_images, "_PIECE", 4 * math.prod((3, 2, 1)) * 2)
    array = some_images(7)
    for memory in (0, array.nbytes):
        found = kept(array, memory)
        assert [len(piece) for piece in found.pieces()] == [2, 2, 2, 1]
        assert found.digest() == array_digest([array])


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_disk_that_is_full_is_said_in_one_line() -> None:
    array = np.zeros((64, 16, 16, 3), np.float32)
    with no_file_beyond(4096), pytest.raises(EnvironmentFault) as caught:
        kept(array, 0)
    said = str(caught.value)
    assert "0 MiB of images" in said
    assert tempfile.gettempdir() in said
    assert "TMPDIR" in said
    assert "\n" not in said
    assert caught.value.exit_code == 3


def test_a_temporary_folder_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(EnvironmentFault, match="gone"):
        kept(some_images(3), 0)
