"""Which pictures a name, a folder or a glob stands for."""

import os
from pathlib import Path

import numpy as np
import pytest
from picture_files import load, load_tensor, noise, refusal, save
from PIL import Image
from png_files import png

from mpsearch.model.images import find_pictures
from mpsearch.values.errors import ImageError


@pytest.mark.parametrize(
    "name",
    [
        "photo.jpg",
        "photo",
        "photo.txt",
        "Übung 猫 1.png",
        "a b.png",
        "x[1].png",
        "50%.png",
        "*.png",
    ],
)
def test_names_and_endings_do_not_matter(tmp_path: Path, name: str) -> None:
    stored = noise(4, 5)
    path = save(tmp_path / name, Image.fromarray(stored), format="PNG")
    found = find_pictures([str(path)])
    assert found.names == (name,)
    np.testing.assert_array_equal(load(path, (4, 5, 3))[0], stored)


def test_a_folder_gives_its_images_in_order(tmp_path: Path) -> None:
    for seed, name in enumerate(("b.png", "c.webp", "a.JPG")):
        form = {"G": "JPEG", "p": "WEBP", "g": "PNG"}[name[-1]]
        save(tmp_path / name, Image.fromarray(noise(4, 4, seed=seed)), format=form)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "Thumbs.db").write_bytes(b"\0")
    assert find_pictures([str(tmp_path)]).names == ("a.JPG", "b.png", "c.webp")


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "holiday"
    empty.mkdir()
    with pytest.raises(ImageError, match="holiday"):
        find_pictures([str(empty)])
    (empty / "notes.txt").write_text("no")
    with pytest.raises(ImageError, match="no image in this folder"):
        find_pictures([str(empty)])


def test_globs_are_expanded_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for seed, name in enumerate(("b.png", "a.png", "c.bmp", "deep/d.png")):
        save(tmp_path / name, Image.fromarray(noise(4, 4, seed=seed)))
    assert find_pictures([str(tmp_path / "*.png")]).names == ("a.png", "b.png")
    assert find_pictures([str(tmp_path / "**" / "*.png")]).names == ("a.png", "b.png", "d.png")
    assert find_pictures([str(tmp_path / "[ac].*")]).names == ("a.png", "c.bmp")
    several = find_pictures([str(tmp_path / "c.bmp"), str(tmp_path / "a.png")])
    assert several.names == ("c.bmp", "a.png")


def test_a_glob_passes_over_folders(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    save(tmp_path / "photo.png", Image.new("L", (2, 2)))
    assert find_pictures([str(tmp_path / "*o*")]).names == ("photo.png",)


@pytest.mark.parametrize("text", ["missing.png", "*.png", "no/such/*"])
def test_what_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageError) as caught:
        find_pictures([text])
    assert repr(text) in str(caught.value)


def test_a_glob_that_matches_only_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImageError, match="fol"):
        find_pictures([str(tmp_path / "fol*")])


def test_a_name_longer_than_the_system_takes_is_refused() -> None:
    with pytest.raises(ImageError, match="xxx"):
        find_pictures(["x" * 300])


def test_no_images_at_all_are_refused() -> None:
    with pytest.raises(ImageError, match="no images"):
        find_pictures([])


def test_the_same_picture_is_used_once_with_a_note(tmp_path: Path) -> None:
    save(tmp_path / "a.png", Image.fromarray(noise(4, 4, seed=1)))
    save(tmp_path / "b.png", Image.fromarray(noise(4, 4, seed=2)))
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    found = find_pictures([str(tmp_path), str(tmp_path / "b.png")])
    assert found.names == ("a.png", "b.png")
    assert len(found.notes) == 2
    assert "copy.png" in found.notes[0]
    assert "a.png" in found.notes[0]
    assert "b.png" in found.notes[1]
    assert load_tensor(found, (4, 4, 3), "squash", []).shape == (2, 4, 4, 3)


@pytest.mark.parametrize(("height", "accepted"), [(6250, True), (6251, False), (8000, False)])
def test_fifty_million_pixels_are_the_most(tmp_path: Path, height: int, accepted: bool) -> None:
    path = save(tmp_path / "plan.png", Image.new("1", (8000, height)))
    assert path.stat().st_size < 100_000
    if accepted:
        assert find_pictures([str(path)]).names == ("plan.png",)
        return
    with pytest.raises(ImageError, match="million pixels") as caught:
        find_pictures([str(path)])
    assert "plan.png" in str(caught.value)


@pytest.mark.parametrize("side", [10_000, 13_000, 20_000, 2**31 - 1])
def test_a_header_that_promises_too_much_is_refused_at_once(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(side, side, b"\0\0"))
    with pytest.raises(ImageError) as caught:
        find_pictures([str(path)])
    assert "bomb.png" in str(caught.value)


def test_a_header_that_promises_more_rows_than_there_are_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.png"
    path.write_bytes(png(4, 4, bytes(5 * 4)))
    assert load(path, (4, 4, 1))[0].sum() == 0
    path.write_bytes(png(400, 400, bytes(5 * 4)))
    assert "short.png" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.timeout(5)
@pytest.mark.parametrize("name", ["pipe.png", "pipe", "pipe.npz"])
def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(ImageError, match="pipe"):
        find_pictures([str(tmp_path / name)])
