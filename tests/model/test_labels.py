"""Names of classes, and files of true classes."""

import keyword
import re
from pathlib import Path

import pytest

from mpsearch.model.labels import (
    class_names,
    imagenet_classes,
    read_lines,
    sidecar,
    true_classes,
)
from mpsearch.model.source import BUNDLED_DIGITS, find_model
from mpsearch.values.errors import ImageError


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_imagenet_has_a_thousand_names_in_keras_order() -> None:
    names = imagenet_classes()
    assert len(names) == 1000
    assert names[0] == "tench"
    assert names[504] == "coffee_mug"
    assert names[999] == "toilet_tissue"
    assert all(name.isascii() and not keyword.iskeyword(name) for name in names)


def test_names_without_a_file() -> None:
    assert class_names(1000, None) == imagenet_classes()
    assert class_names(3, None) == ("class_0", "class_1", "class_2")
    assert len(class_names(1001, None)) == 1001


def test_names_from_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.txt", "cat\n  Hund \n\n猫 猫\n")
    assert class_names(3, path) == ("cat", "Hund", "猫 猫")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfcat\r\ndog\r\n", b"cat\rdog", b"cat\ndog"])
def test_marks_and_line_ends_of_other_systems_are_taken(tmp_path: Path, content: bytes) -> None:
    assert class_names(2, write(tmp_path / "labels.txt", content)) == ("cat", "dog")


@pytest.mark.parametrize(("names", "classes"), [("cat", 2), ("a\nb\nc", 2), ("", 2), ("\n \n", 1)])
def test_another_number_of_names_is_refused(tmp_path: Path, names: str, classes: int) -> None:
    path = write(tmp_path / "labels.txt", names)
    with pytest.raises(ImageError) as caught:
        class_names(classes, path)
    assert re.search(rf": {len(names.split())} lines? for ", str(caught.value))
    assert f"{classes} classes" in str(caught.value)
    assert "labels.txt" in str(caught.value)


@pytest.mark.parametrize("content", [b"caf\xe9\n", b"\xff\xfec\0a\0t\0", b"\x89PNG\r\n"])
def test_what_is_not_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ImageError, match="not UTF-8") as caught:
        read_lines(write(tmp_path / "labels.txt", content), "labels")
    assert "labels.txt" in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(ImageError, match=path.name):
            class_names(2, path)


def test_a_name_longer_than_the_system_takes_is_refused() -> None:
    with pytest.raises(ImageError, match="xxx"):
        read_lines(Path("x" * 300), "labels")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    with path.open("wb") as file:
        file.truncate(16 * 2**20 + 1)
    with pytest.raises(ImageError, match="16 MiB"):
        read_lines(path, "labels")


def test_the_models_own_labels_are_found(tmp_path: Path) -> None:
    model = tmp_path / "net.keras"
    assert sidecar(model) is None
    labels = write(tmp_path / "net.labels.txt", "a\nb\n")
    assert sidecar(model) == labels
    assert sidecar(None) is None


def test_the_bundled_model_has_its_labels() -> None:
    labels = sidecar(find_model(BUNDLED_DIGITS).path)
    assert class_names(10, labels) == tuple("0123456789")


def test_true_classes_by_index_and_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "truth.txt", "2\ncat\n 1 \n")
    assert true_classes(path, ("cat", "dog", "cow"), 3) == [2, 0, 1]


@pytest.mark.parametrize("line", ["3", "-1", "horse", "1.0", "²", "9" * 5000])
def test_an_unknown_class_is_refused(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "truth.txt", f"cat\n{line}\n")
    with pytest.raises(ImageError) as caught:
        true_classes(path, ("cat", "dog", "cow"), 2)
    assert repr(line)[:20] in str(caught.value)
    assert "truth.txt" in str(caught.value)


@pytest.mark.parametrize("images", [1, 3])
def test_another_number_of_lines_than_images_is_refused(tmp_path: Path, images: int) -> None:
    path = write(tmp_path / "truth.txt", "cat\ndog\n")
    with pytest.raises(ImageError, match=f"has 2 lines for {images} images"):
        true_classes(path, ("cat", "dog"), images)


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028"])
def test_a_file_of_too_many_lines_is_refused(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "many.txt", f"a{end}" * 1_000_001)
    with pytest.raises(ImageError, match="1,000,000 lines"):
        read_lines(path, "labels")
