"""The zip archive of a .keras file."""

import io
import zipfile
from pathlib import Path

import pytest
from crafted.blocks import h5_file, keras_file, network, weights

from mpsearch.model.inspection.archive import Archive
from mpsearch.model.inspection.file import inspect_file
from mpsearch.model.inspection.verdict import Refused, Verdict
from mpsearch.model.inspection.window import Window


def written(folder: Path, content: bytes) -> Path:
    path = folder / "net.keras"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read(tmp_path: Path, compression: int) -> None:
    archive = Archive.open(written(tmp_path, keras_file(network(), compression=compression)))
    assert archive.config().startswith(b"{")
    with archive.weights() as inside:
        assert inside.read() == weights()
    assert archive.size_of("model.weights.h5") == len(weights())
    assert archive.assets == []


def test_assets_are_told(tmp_path: Path) -> None:
    more = (("assets/layers/words/vocabulary.txt", b"a"),)
    verdict = inspect_file(written(tmp_path, keras_file(network(), more=more)))
    assert verdict == Verdict(foreign=("a file 'assets/layers/words/vocabulary.txt'",))


def test_a_window_is_like_the_file_it_shows() -> None:
    window = Window(io.BytesIO(b"..abcdef.."), 2, 6)
    plain = io.BytesIO(b"abcdef")
    for offset, whence, count in [(0, 0, 3), (2, 1, 9), (-2, 2, 5), (9, 0, 1), (0, 0, -1)]:
        assert window.seek(offset, whence) == plain.seek(offset, whence) == window.tell()
        assert window.read(count) == plain.read(count)
    assert window.readable()
    assert window.seekable()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_is_taken_or_refused_and_nothing_else(
    tmp_path: Path, compression: int
) -> None:
    """Bytes of a small archive, flipped; the checksums see those of the members."""
    data = keras_file(network(), compression=compression)
    outcomes = set()
    structure = {*range(64), *range(len(data) - 300, len(data))}
    for position in sorted(structure | set(range(0, len(data), 37))):
        for mask in (0x01, 0x10, 0xFF):
            changed = bytearray(data)
            changed[position] ^= mask
            outcomes.add(bool(inspect_file(written(tmp_path, bytes(changed))).reason))
    assert outcomes == {True, False}  # file dates may change


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    for data, step in ((keras_file(network()), 61), (h5_file(network()), 97)):
        for length in range(8, len(data), step):
            verdict = inspect_file(written(tmp_path, data[:length]))
            assert "truncated or damaged" in verdict.reason


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="truncated or damaged"):
        Archive.open(written(tmp_path, b"PK\x03\x04 and no more"))
