"""Pictures that are none, bombs, damaged or unusual, and labels that fit nothing."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from png_files import chunk, png

from bad_inputs.row import NOISE, PREDICT, TEXT, Make, Row, folder_of, noise, written


def refused(number: int, name: str, make: Make) -> Row:
    """A picture that is refused before TensorFlow is loaded."""
    argv = ("predict", "--model", "good.keras", "--images", name)
    return Row(number, argv, 2, (name,), make, early=True)


def bytes_of(number: int, name: str, content: bytes) -> Row:
    """Such a picture, of these bytes."""
    return refused(number, name, written(name, content))


def picture(number: int, name: str, make: Callable[[Path], object], code: int, *says: str) -> Row:
    """A picture for the good model; *make* gets the path to write."""
    argv = (*PREDICT, name)
    return Row(number, argv, code, says, lambda folder: make(folder / name))


def image(array: np.ndarray, mode: str | None = None) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        one = Image.fromarray(array)
        (one.convert(mode) if mode else one).save(path)

    return make


def animated(path: Path) -> None:
    frames = [Image.fromarray(NOISE), Image.fromarray(255 - NOISE)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def oriented(path: Path) -> None:
    one = Image.fromarray(NOISE)
    exif = one.getexif()
    exif[0x0112] = 6
    one.save(path, exif=exif)


def cut(name: str) -> Make:
    """Half of a picture's file."""

    def make(folder: Path) -> None:
        Image.fromarray(np.repeat(np.repeat(NOISE, 4, 0), 4, 1)).save(folder / name)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return make


def twins(folder: Path) -> None:
    """One picture under two names."""
    (folder / "twins").mkdir()
    noise(folder / "twins" / "a.png")
    noise(folder / "twins" / "b.png")


BOMB = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(200 * 2**20), 9))
ROWS = (
    bytes_of(55, "empty.png", b""),
    bytes_of(55, "text.jpg", TEXT),
    bytes_of(55, "page.png", b"<!DOCTYPE html><html></html>"),
    bytes_of(55, "cat.svg", b"<svg xmlns='x'/>"),
    refused(56, "cut.png", cut("cut.png")),
    refused(56, "cut.jpg", cut("cut.jpg")),
    picture(57, "cmyk.jpg", image(NOISE, "CMYK"), 0, "CMYK"),
    picture(58, "deep.png", image(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257), 0),
    picture(59, "float.tiff", image(np.ones((8, 8), np.float32)), 2, "float.tiff"),
    picture(60, "turned.jpg", oriented, 0),
    *(picture(61, f"{mode}.png", image(NOISE, mode), 0, "white") for mode in ("RGBA", "LA")),
    *(picture(62, f"{mode}.png", image(NOISE, mode), 0) for mode in ("L", "1", "P")),
    *(picture(63, f"two.{kind}", animated, 0, "first") for kind in ("gif", "webp", "tiff")),
    bytes_of(64, "20000.png", png(20000, 20000, b"")),
    bytes_of(65, "13000.png", png(13000, 13000, b"")),
    bytes_of(66, "liar.png", png(5000, 5000, bytes(99))),
    bytes_of(67, "bomb.png", png(8, 8, bytes(72), BOMB)),
    bytes_of(68, "x.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    picture(69, "dot.png", image(NOISE[:1, :1]), 0),
    picture(69, "line.png", image(np.zeros((20000, 1, 3), np.uint8)), 0),
    picture(70, "a picture é.txt", lambda p: Image.fromarray(NOISE).save(p, "PNG"), 0),
    refused(71, "no_pictures", folder_of("no_pictures")),
    refused(71, "texts", folder_of("texts", "a.txt")),
    Row(72, (*PREDICT, "twins"), 0, ("once",), twins),
    Row(
        73,
        (*PREDICT, "noise.png", "--labels", "two.txt"),
        2,
        ("two.txt", "3", "2"),
        written("two.txt", b"cat\ndog\n"),
    ),
    Row(
        73,
        (*PREDICT, "noise.png", "--truth", "what.txt"),
        2,
        ("zebra",),
        written("what.txt", b"zebra\n"),
    ),
)
