"""From picture files and arrays to tensors, without TensorFlow."""

import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from png_files import png

from mpsearch.model import images
from mpsearch.model.images import ImageSource, find_pictures, pixel_pieces
from mpsearch.values.choices import Resize
from mpsearch.values.errors import ImageError

UINT8 = np.uint8


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Any:
    """Random pixels, shape (h, w, c), or (h, w) for one channel."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=UINT8)


def load_tensor(
    found: ImageSource, shape: tuple[int, int, int], resize: Resize, notes: list[str]
) -> Any:
    """All pieces as one array, shape (n, h, w, c)."""
    pieces = list(pixel_pieces(found, shape, resize, notes))
    assert all(piece.dtype == np.float32 for piece in pieces)
    return np.concatenate(pieces)


def load(
    path: Path | str, shape: tuple[int, int, int], resize: Resize = "squash"
) -> tuple[Any, list[str]]:
    """The one picture at *path*, and the notes about it."""
    found = find_pictures([str(path)])
    notes = list(found.notes)
    tensor = load_tensor(found, shape, resize, notes)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, *shape)
    return tensor[0], notes


def refusal(path: Path | str, shape: tuple[int, int, int] = (4, 4, 3)) -> str:
    """What is said against the picture at *path*."""
    with pytest.raises(ImageError) as caught:
        load(path, shape)
    return str(caught.value)


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def frames(count: int = 3) -> list[Image.Image]:
    return [Image.fromarray(noise(12, 10, seed=seed)) for seed in range(count)]


# What is shown for each EXIF orientation, from the stored (h, w) array.
UPRIGHT: dict[int, Callable[[Any], Any]] = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    stored = noise(5, 3, 1)
    image = Image.fromarray(stored)
    exif = image.getexif()
    exif[0x0112] = orientation
    path = save(tmp_path / "turned.png", image, exif=exif)
    shown = UPRIGHT[orientation](stored)
    pixels, notes = load(path, (*shown.shape, 1))
    np.testing.assert_array_equal(pixels[..., 0], shown)
    assert notes == []


def test_exif_orientation_of_a_jpeg_is_applied(tmp_path: Path) -> None:
    image = Image.new("L", (32, 16), 0)
    image.paste(255, (0, 0, 16, 16))  # the left half is white
    exif = image.getexif()
    exif[0x0112] = 6  # shown turned clockwise: the upper half is white
    pixels, _ = load(save(tmp_path / "phone.jpg", image, exif=exif), (32, 16, 1))
    assert pixels[:12].min() > 200
    assert pixels[-12:].max() < 50


def test_sixteen_bit_gray_is_scaled_by_257(tmp_path: Path) -> None:
    stored = np.array([[0, 257, 128 * 257], [65535, 100 * 257 + 128, 100 * 257 + 129]], np.uint16)
    path = save(tmp_path / "deep.png", Image.fromarray(stored))
    pixels, _ = load(path, (2, 3, 1))
    np.testing.assert_array_equal(pixels[..., 0], [[0, 1, 128], [255, 100, 101]])


def test_thirty_two_bit_gray_is_taken_if_it_holds_sixteen_bits(tmp_path: Path) -> None:
    fits = save(tmp_path / "fits.tif", Image.new("I", (4, 4), 65535))
    pixels, _ = load(fits, (4, 4, 1))
    assert (pixels == 255).all()
    beyond = save(tmp_path / "beyond.tif", Image.new("I", (4, 4), 65536))
    assert "beyond 16 bits" in refusal(beyond)


def test_one_bit_becomes_black_and_white(tmp_path: Path) -> None:
    image = Image.new("1", (2, 1), 0)
    image.putpixel((1, 0), 1)
    pixels, notes = load(save(tmp_path / "fax.png", image), (1, 2, 1))
    assert pixels.ravel().tolist() == [0, 255]
    assert notes == []


def test_palette_colours_are_looked_up(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    pixels, notes = load(save(tmp_path / "palette.png", image), (1, 2, 3))
    assert pixels.tolist() == [[[10, 20, 30], [200, 100, 50]]]
    assert notes == []


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white_with_a_note(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        image.putpixel((x, 0), (0, 0, 0, alpha) if mode == "RGBA" else (0, alpha))
    pixels, notes = load(save(tmp_path / "clear.png", image), (1, 3, 3))
    np.testing.assert_allclose(pixels[0, :, 0], [255, 127, 0], atol=1)
    assert (pixels == pixels[..., :1]).all()
    assert len(notes) == 1
    assert "clear.png" in notes[0]
    assert "white" in notes[0]


def test_transparent_palette_entry_is_laid_on_white_with_a_note(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    pixels, notes = load(save(tmp_path / "logo.png", image, transparency=0), (1, 2, 3))
    assert pixels.tolist() == [[[255, 255, 255], [200, 100, 50]]]
    assert [("logo.png" in note, "white" in note) for note in notes] == [(True, True)]


@pytest.mark.parametrize(("mode", "key"), [("RGB", (10, 20, 30)), ("L", 10)])
def test_a_transparent_colour_of_a_png_is_laid_on_white_with_a_note(
    tmp_path: Path, mode: str, key: Any
) -> None:
    path = save(tmp_path / "keyed.png", Image.new(mode, (2, 2), key), transparency=key)
    pixels, notes = load(path, (2, 2, 3))
    assert (pixels == 255).all()
    assert [("keyed.png" in note, "white" in note) for note in notes] == [(True, True)]


def test_cmyk_is_converted_with_a_note(tmp_path: Path) -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels, notes = load(save(tmp_path / "print.jpg", red, quality=95), (16, 16, 3))
    np.testing.assert_allclose(pixels, np.broadcast_to([255, 0, 0], (16, 16, 3)), atol=6)
    assert len(notes) == 1
    assert "print.jpg" in notes[0]
    assert "CMYK" in notes[0]


def test_lab_is_not_called_transparent(tmp_path: Path) -> None:
    path = save(tmp_path / "lab.tif", Image.new("LAB", (4, 4), (255, 128, 128)))
    pixels, notes = load(path, (4, 4, 3))
    np.testing.assert_allclose(pixels, 255, atol=2)
    assert not [note for note in notes if "transparent" in note]


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png", "pages.tif"])
def test_the_first_of_several_frames_is_used_with_a_note(tmp_path: Path, name: str) -> None:
    first, *rest = (Image.new("RGB", (8, 8), c) for c in ((250, 0, 0), (0, 250, 0), (0, 0, 250)))
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    save(tmp_path / name, first, save_all=True, append_images=rest, **options)
    pixels, notes = load(tmp_path / name, (8, 8, 3))
    np.testing.assert_array_equal(pixels, np.broadcast_to([250, 0, 0], (8, 8, 3)))
    assert len(notes) == 1
    assert name in notes[0]
    assert "first" in notes[0]


def test_float_tiff_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "heights.tif", Image.new("F", (4, 4), 0.5))
    said = refusal(path)
    assert "heights.tif" in said
    assert "floating-point" in said


FORMATS: dict[str, dict[str, Any]] = {
    "photo.jpg": {},
    "photo.png": {},
    "photo.webp": {},
    "photo.gif": {},
    "photo.bmp": {},
    "photo.ppm": {},
    "photo.tif": {},
    "packed.tif": {"compression": "tiff_lzw"},
    "moving.gif": {"save_all": True, "append_images": frames()[1:]},
    "moving.png": {"save_all": True, "append_images": frames()[1:]},
    "moving.webp": {"save_all": True, "append_images": frames()[1:]},
    "pages.tif": {"save_all": True, "append_images": frames()[1:]},
}


def encoded(name: str) -> bytes:
    memory = io.BytesIO()
    form = {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.split(".")[1].upper())
    frames()[0].save(memory, form, **FORMATS[name])
    return memory.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(name))
    pixels, _ = load(path, (12, 10, 3))
    lossy = name.endswith(("jpg", "webp", "gif"))
    off = np.abs(pixels - np.asarray(frames()[0], np.float32)).mean()
    assert off == 0 or (lossy and off < 60)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp", "photo.bmp", "photo.ppm"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_picture_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    data = encoded(name)
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * kept)])
    said = refusal(path)
    assert name in said
    assert "\n" not in said


def test_damage_is_found_before_the_shape_is_known_or_when_the_picture_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.png"
    data = encoded("photo.png")
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"photo\.png"):
        find_pictures([str(path)])
    monkeypatch.setattr(images, "_EARLY_SECONDS", -1.0)
    found = find_pictures([str(path)])
    with pytest.raises(ImageError, match=r"photo\.png"):
        load_tensor(found, (4, 4, 3), "squash", [])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.*")
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(tmp_path: Path, name: str) -> None:
    data = encoded(name)
    path = tmp_path / name
    outcomes = set()
    unexpected = []
    for position in range(len(data)):
        flipped = data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]
        for what, damaged in (("flipped", flipped), ("cut", data[:position])):
            path.write_bytes(damaged)
            try:
                load(path, (4, 4, 3))
                outcomes.add("read")
            except ImageError:
                outcomes.add("refused")
            except Exception as error:  # noqa: BLE001 - the point of the test
                unexpected.append(f"{what} at {position}: {type(error).__name__}: {error}")
    assert unexpected == []
    assert "refused" in outcomes


@dataclass(frozen=True)
class NotAnImage:
    name: str
    content: bytes


NOT_IMAGES = [
    NotAnImage("zero.png", b""),
    NotAnImage("text.png", b"I am a cat.\n"),
    NotAnImage("page.png", b"<!DOCTYPE html><html><body>404</body></html>"),
    NotAnImage("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'),
    NotAnImage("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'),
    NotAnImage("signature.png", b"\x89PNG\r\n\x1a\n"),
    NotAnImage("random.jpg", bytes(range(256))),
    NotAnImage(
        "figure.eps",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n",
    ),
]


@pytest.mark.parametrize("case", NOT_IMAGES, ids=lambda case: case.name)
def test_what_is_no_image_is_refused_at_once(tmp_path: Path, case: NotAnImage) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.content)
    with pytest.raises(ImageError, match="not an image") as caught:
        find_pictures([str(path)])
    assert case.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_eps_that_pillow_can_write_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "figure.png", Image.new("RGB", (8, 8)), format="EPS")
    assert "figure.png" in refusal(path)


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


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
@settings(max_examples=60, deadline=None)
def test_squash_takes_the_nearest_pixel(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int], target: tuple[int, int]
) -> None:
    stored = noise(*size)
    path = save(tmp_path_factory.mktemp("squash") / "a.png", Image.fromarray(stored))
    pixels, _ = load(path, (*target, 3))
    # The pixel under the centre of each new pixel; a centre on an edge may go either way.
    new, old = [], []
    for before, after in zip(size, target, strict=True):
        centres = (2 * np.arange(after) + 1) * before
        clear = centres % (2 * after) != 0
        new.append(np.flatnonzero(clear))
        old.append(centres[clear] // (2 * after))
    np.testing.assert_array_equal(pixels[np.ix_(*new)], stored[np.ix_(*old)])


@dataclass(frozen=True)
class Crop:
    size: tuple[int, int]  # width, height, as Pillow has them
    target: tuple[int, int]
    larger: tuple[int, int]
    corner: tuple[int, int]  # left, top


CROPS = [
    Crop((640, 480), (227, 227), (345, 259), (59, 16)),
    Crop((480, 640), (227, 227), (259, 345), (16, 59)),
    Crop((640, 480), (224, 224), (341, 256), (58, 16)),
    Crop((300, 300), (224, 224), (256, 256), (16, 16)),
    Crop((100, 50), (224, 224), (512, 256), (144, 16)),
    Crop((256, 256), (299, 299), (342, 342), (21, 21)),
]


@pytest.mark.parametrize("case", CROPS, ids=str)
def test_crop_brings_the_short_side_to_size_and_takes_the_centre(
    tmp_path: Path, case: Crop
) -> None:
    image = Image.fromarray(noise(case.size[1], case.size[0]))
    larger = np.asarray(image.resize(case.larger, Image.Resampling.BICUBIC), np.float32)
    (left, top), (width, height) = case.corner, case.target
    pixels, _ = load(save(tmp_path / "a.png", image), (height, width, 3), "crop")
    np.testing.assert_array_equal(pixels, larger[top : top + height, left : left + width])


@pytest.mark.parametrize("resize", ["squash", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (3, 2)])
@pytest.mark.parametrize("channels", [1, 3])
def test_odd_sizes_are_accepted(
    tmp_path: Path, size: tuple[int, int], resize: Resize, channels: int
) -> None:
    path = save(tmp_path / "a.png", Image.new("RGB", size, (90, 90, 90)))
    pixels, _ = load(path, (8, 6, channels), resize)
    assert (pixels == 90).all()


LONG_AND_THIN = textwrap.dedent(
    """
    import resource, sys
    from mpsearch.model.images import find_pictures, pixel_pieces

    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    found = find_pictures([sys.argv[1]])
    (piece,) = pixel_pieces(found, (224, 224, 1), sys.argv[2], [])
    print(piece.mean())
    """
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_a_line_of_pixels_needs_no_gigabyte(tmp_path: Path, resize: str) -> None:
    path = save(tmp_path / "line.png", Image.new("L", (1, 20_000), 90))
    done = subprocess.run(
        [sys.executable, "-c", LONG_AND_THIN, str(path), resize],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout.strip()) == (0, "90.0"), done.stderr[-300:]


def test_colour_becomes_luminance_for_a_gray_model(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], UINT8)
    pixels, _ = load(save(tmp_path / "a.png", Image.fromarray(colours)), (1, 4, 1))
    np.testing.assert_allclose(pixels.ravel(), [76, 150, 29, 255], atol=0.5)


def test_gray_becomes_three_equal_channels_for_a_colour_model(tmp_path: Path) -> None:
    gray = noise(3, 4, 1)
    pixels, _ = load(save(tmp_path / "a.png", Image.fromarray(gray)), (3, 4, 3))
    np.testing.assert_array_equal(pixels, np.repeat(gray[..., None], 3, axis=2))


# Archives.


def archive(folder: Path, **arrays: Any) -> Path:
    path = folder / "images.npz"
    np.savez(path, **arrays)
    return path


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
    x = np.arange(24, dtype=UINT8).reshape(2, 3, 4)
    found = find_pictures([str(archive(tmp_path, x=x))])
    np.testing.assert_array_equal(load_tensor(found, (3, 4, 1), "squash", [])[..., 0], x)
    colour = load_tensor(found, (3, 4, 3), "squash", [])
    np.testing.assert_array_equal(colour, np.repeat(x[..., None], 3, axis=3))


def test_the_archives_truth_is_kept(tmp_path: Path) -> None:
    y = np.array([7, 0], np.uint8)
    found = find_pictures([str(archive(tmp_path, x=np.zeros((2, 4, 4), UINT8), y=y))])
    assert found.truth is not None
    assert found.truth.dtype == np.int64
    assert found.truth.tolist() == [7, 0]


@dataclass(frozen=True)
class Arrays:
    says: str
    x: Any
    y: Any = None


BAD_ARRAYS = [
    Arrays("(4, 4)", np.zeros((4, 4), UINT8)),
    Arrays("(2, 4, 4, 2)", np.zeros((2, 4, 4, 2), UINT8)),
    Arrays("(2, 4, 4, 4)", np.zeros((2, 4, 4, 4), UINT8)),
    Arrays("(1, 2, 4, 4, 3)", np.zeros((1, 2, 4, 4, 3), UINT8)),
    Arrays("(0, 4, 4, 3)", np.zeros((0, 4, 4, 3), UINT8)),
    Arrays("()", np.uint8(3)),
    Arrays("finite", np.full((1, 4, 4, 3), np.nan, np.float32)),
    Arrays("finite", np.full((1, 4, 4, 3), np.inf, np.float32)),
    Arrays("finite", np.full((1, 4, 4, 3), 1e300)),  # infinite as float32
    Arrays("bool", np.zeros((1, 4, 4, 3), np.bool_)),
    Arrays("complex", np.zeros((1, 4, 4, 3), np.complex64)),
    Arrays("<U1", np.full((1, 4, 4, 3), "a")),
    Arrays("pickle", np.array([None, {}], object)),
    Arrays("y has shape (3,)", np.zeros((2, 4, 4, 3), UINT8), np.zeros(3, int)),
    Arrays("y has shape (2, 10)", np.zeros((2, 4, 4, 3), UINT8), np.zeros((2, 10), int)),
    Arrays("float64", np.zeros((2, 4, 4, 3), UINT8), np.zeros(2)),
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
    arrays: dict[str, Any] = {"x": np.zeros((1, 4, 4), UINT8)}
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
        find_pictures([str(archive(tmp_path, images=np.zeros((1, 4, 4), UINT8)))])


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
    path = archive(tmp_path, x=np.zeros((1, 4, 4), UINT8))
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
