"""Images in an .npz archive."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_files import archive, load, load_tensor, noise, save
from PIL import Image

from mpsearch.model.images import find_pictures
from mpsearch.values.choices import Resize
from mpsearch.values.errors import ImageError


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_arrays_of_the_models_shape_are_taken_as_they_are(tmp_path: Path, dtype: Any) -> None:
    x = noise(4, 5, 3)[None].repeat(2, axis=0).astype(dtype)
    found = find_pictures([str(archive(tmp_path, x=x))])
    assert found.names == ("images_0", "images_1")
    assert found.truth is None
    np.testing.assert_array_equal(load_tensor(found, (4, 5, 3), "squash", []), x)


def test_floats_beyond_pixels_are_taken_as_they_are_in_the_models_shape(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(0, 300, (2, 4, 5, 3)).astype(np.float32)
    found = find_pictures([str(archive(tmp_path, x=x))])
    np.testing.assert_array_equal(load_tensor(found, (4, 5, 3), "squash", []), x)


def test_gray_arrays_may_lack_the_last_axis(tmp_path: Path) -> None:
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    found = find_pictures([str(archive(tmp_path, x=x))])
    np.testing.assert_array_equal(load_tensor(found, (3, 4, 1), "squash", [])[..., 0], x)
    colour = load_tensor(found, (3, 4, 3), "squash", [])
    np.testing.assert_array_equal(colour, np.repeat(x[..., None], 3, axis=3))


def test_the_archives_truth_is_kept(tmp_path: Path) -> None:
    y = np.array([7, 0], np.uint8)
    found = find_pictures([str(archive(tmp_path, x=np.zeros((2, 4, 4), np.uint8), y=y))])
    assert found.truth is not None
    assert found.truth.dtype == np.int64
    assert found.truth.tolist() == [7, 0]


@dataclass(frozen=True)
class Arrays:
    says: str
    x: Any
    y: Any = None


BAD_ARRAYS = [
    Arrays("(4, 4)", np.zeros((4, 4), np.uint8)),
    Arrays("(2, 4, 4, 2)", np.zeros((2, 4, 4, 2), np.uint8)),
    Arrays("(2, 4, 4, 4)", np.zeros((2, 4, 4, 4), np.uint8)),
    Arrays("(1, 2, 4, 4, 3)", np.zeros((1, 2, 4, 4, 3), np.uint8)),
    Arrays("(0, 4, 4, 3)", np.zeros((0, 4, 4, 3), np.uint8)),
    Arrays("()", np.uint8(3)),
    Arrays("finite", np.full((1, 4, 4, 3), np.nan, np.float32)),
    Arrays("finite", np.full((1, 4, 4, 3), np.inf, np.float32)),
    Arrays("finite", np.full((1, 4, 4, 3), 1e300)),  # infinite as float32
    Arrays("bool", np.zeros((1, 4, 4, 3), np.bool_)),
    Arrays("complex", np.zeros((1, 4, 4, 3), np.complex64)),
    Arrays("<U1", np.full((1, 4, 4, 3), "a")),
    Arrays("pickle", np.array([None, {}], object)),
    Arrays("y has shape (3,)", np.zeros((2, 4, 4, 3), np.uint8), np.zeros(3, int)),
    Arrays("y has shape (2, 10)", np.zeros((2, 4, 4, 3), np.uint8), np.zeros((2, 10), int)),
    Arrays("float64", np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2)),
]


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("case", BAD_ARRAYS, ids=lambda case: case.says)
def test_wrong_arrays_are_refused(tmp_path: Path, case: Arrays) -> None:
    arrays = {"x": case.x} if case.y is None else {"x": case.x, "y": case.y}
    with pytest.raises(ImageError) as caught:
        find_pictures([str(archive(tmp_path, **arrays))])
    assert case.says in str(caught.value)
    assert "images.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


class _Touch:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("key", ["x", "y"])
def test_pickles_are_not_run(tmp_path: Path, key: str) -> None:
    marker = tmp_path / "marker"
    arrays: dict[str, Any] = {"x": np.zeros((1, 4, 4), np.uint8)}
    arrays[key] = np.array([_Touch(marker)], object)
    path = archive(tmp_path, **arrays)
    with np.load(path, allow_pickle=True) as loaded:
        assert loaded[key].shape == (1,)
    assert marker.exists()  # so it would run
    marker.unlink()
    with pytest.raises(ImageError, match=r"images\.npz"):
        find_pictures([str(path)])
    assert not marker.exists()


def test_an_archive_without_x_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no array x"):
        find_pictures([str(archive(tmp_path, images=np.zeros((1, 4, 4), np.uint8)))])


# numpy leaves the file of a zip archive that it cannot open to the garbage collector.
LEAK = "ignore::pytest.PytestUnraisableExceptionWarning"


@pytest.mark.filterwarnings(LEAK)
@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "images.npz"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"images\.npz"):
        find_pictures([str(path)])


@pytest.mark.filterwarnings(LEAK)
def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.npz"
    np.savez_compressed(path, x=noise(40, 40)[None])
    data = path.read_bytes()
    for position in range(100, len(data) - 200, 97):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :])
        with pytest.raises(ImageError, match=r"images\.npz"):
            find_pictures([str(path)])
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"images\.npz"):
        find_pictures([str(path)])


def test_a_missing_archive_and_a_folder_called_npz_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        find_pictures([str(tmp_path / "missing.npz")])
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ImageError, match=r"folder\.npz"):
        find_pictures([str(tmp_path / "folder.npz")])


def test_an_archive_is_given_alone(tmp_path: Path) -> None:
    path = archive(tmp_path, x=np.zeros((1, 4, 4), np.uint8))
    photo = save(tmp_path / "a.png", Image.new("L", (4, 4)))
    with pytest.raises(ImageError, match="alone"):
        find_pictures([str(photo), str(path)])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_arrays_of_whole_pixels_are_resized_as_pictures_are(
    tmp_path: Path, dtype: Any, channels: int, resize: Resize
) -> None:
    stored = noise(30, 20, channels)
    photo = save(tmp_path / "a.png", Image.fromarray(stored))
    expected, _ = load(photo, (12, 12, 3), resize)
    x = stored.reshape(1, 30, 20, channels).astype(dtype)
    found = find_pictures([str(archive(tmp_path, x=x))])
    np.testing.assert_array_equal(load_tensor(found, (12, 12, 3), resize, [])[0], expected)


@pytest.mark.parametrize("value", [0.5, -1.0, 256.0])
def test_other_numbers_are_not_resized(tmp_path: Path, value: float) -> None:
    x = np.full((1, 4, 4, 3), value, np.float32)
    found = find_pictures([str(archive(tmp_path, x=x))])
    with pytest.raises(ImageError) as caught:
        load_tensor(found, (5, 5, 3), "squash", [])
    assert "(4, 4, 3)" in str(caught.value)
    assert "(5, 5, 3)" in str(caught.value)
