"""What is made of every picture format and mode."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_files import frames, load, load_tensor, noise, refusal, save
from PIL import Image

from mpsearch.model import images
from mpsearch.model.images import find_pictures
from mpsearch.values.errors import ImageError

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
