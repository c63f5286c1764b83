"""One picture: its file decoded, its pixels brought to a size."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from mpsearch.values.arrays import Float32Array, UInt8Array
from mpsearch.values.choices import Resize
from mpsearch.values.errors import ImageError

#: What there is to do about something that is no picture.
EXPECTED: Final = "give a photograph (JPEG, PNG, WebP, TIFF, BMP, GIF) or a .npz with x"


_FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_TRANSPARENT: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_MOST_PIXELS: Final = 50_000_000
_CROP_RATIO: Final = 256 / 224  # the usual ImageNet evaluation: short side to size·256/224
_LONGEST: Final = 16  # times as long as wide, before a picture is cut to its middle
_STRIP: Final = 256  # rows of a picture converted at once


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file, not yet decoded.

    Attributes:
        name: File name.
        path: The picture's file.
    """

    name: str
    path: Path


def check_header(path: Path) -> None:
    """Refuse what is no picture, or one of too many pixels.

    Raises:
        ImageError: Says why.
    """
    if not path.is_file():
        raise ImageError(f"image {str(path)!r} is not a regular file; {EXPECTED}")
    with _open(path) as image:
        pixels = image.width * image.height
    if pixels > _MOST_PIXELS:
        raise ImageError(
            f"image {str(path)!r} has {pixels / 1e6:.0f} million pixels, more than "
            f"{_MOST_PIXELS // 10**6}; scale it down first"
        )


def _open(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"image {str(path)!r} has more pixels than {_MOST_PIXELS // 10**6} million; "
            "scale it down first"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise whatever damaged bytes lead to
        raise ImageError(f"{str(path)!r} is not an image that can be read; {EXPECTED}") from error


def decode(path: Path, notes: list[str]) -> Image.Image:
    """One upright picture in mode L or RGB.

    Args:
        path: The picture's file.
        notes: Gets one sentence if it is not used as it is.

    Raises:
        ImageError: If it is damaged.
    """
    try:
        with _open(path) as opened:
            if getattr(opened, "n_frames", 1) > 1:
                notes.append(f"{path.name} has several frames; the first is used")
            opened.load()
            image = ImageOps.exif_transpose(opened)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise whatever damaged bytes lead to
        raise ImageError(f"image {str(path)!r} is damaged ({error}); copy it again") from error
    return _as_l_or_rgb(image, path, notes)


def _as_l_or_rgb(image: Image.Image, path: Path, notes: list[str]) -> Image.Image:
    mode = image.mode
    if mode in _TRANSPARENT or "transparency" in image.info:
        notes.append(f"{path.name} is partly transparent; it is laid on white")
        return _in_strips(image, "RGB", _on_white)
    if mode in {"L", "RGB"}:
        return image
    if mode == "F":
        raise ImageError(f"image {str(path)!r} holds floating-point pixels; save it with 8 bits")
    if mode.startswith("I"):
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise ImageError(f"image {str(path)!r} has pixels beyond 16 bits; save it with 8 bits")
        return Image.fromarray(_as_8_bits(wide))
    if mode == "1":
        return image.convert("L")
    if mode == "CMYK":
        notes.append(f"{path.name} is in CMYK; it is converted to RGB without a colour profile")
    return image.convert("RGB")


def _in_strips(
    image: Image.Image, mode: str, convert: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """*image* in another mode; what converting takes beside it is needed for some rows only."""
    whole = Image.new(mode, image.size)
    for top in range(0, image.height, _STRIP):
        box = (0, top, image.width, min(top + _STRIP, image.height))
        whole.paste(convert(image.crop(box)), box)
    return whole


def _on_white(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, clear).convert("RGB")


def _as_8_bits(wide: npt.NDArray[np.integer[Any]]) -> UInt8Array:
    # 16 bits: 65535 / 257 = 255. Pillow's own conversion would clip at 255.
    narrow = np.empty(wide.shape, np.uint8)
    for top in range(0, len(wide), _STRIP):
        narrow[top : top + _STRIP] = np.rint(wide[top : top + _STRIP] / 257)
    return narrow


def resized(image: Image.Image, height: int, width: int, resize: Resize) -> Image.Image:
    """*image* in another size; as it is where it has that size."""
    if image.size == (width, height):
        return image
    if resize == "squash":
        return image.resize((width, height), Image.Resampling.NEAREST)
    image = _without_far_ends(image)
    factor = max(
        round(height * _CROP_RATIO) / image.height, round(width * _CROP_RATIO) / image.width
    )
    larger = image.resize(
        (max(width, round(image.width * factor)), max(height, round(image.height * factor))),
        Image.Resampling.BICUBIC,
    )
    left, top = (larger.width - width) // 2, (larger.height - height) // 2
    return larger.crop((left, top, left + width, top + height))


def _without_far_ends(image: Image.Image) -> Image.Image:
    """Cut what a centre crop of a very long picture never sees: resizing it takes gigabytes."""
    most = _LONGEST * min(image.size)
    width, height = min(image.width, most), min(image.height, most)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def as_pixels(image: Image.Image, channels: int) -> Float32Array:
    """Pixels 0..255 of the picture, shape (height, width, channels)."""
    mode = "L" if channels == 1 else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode), dtype=np.float32)
    return pixels.reshape(*pixels.shape[:2], channels)
