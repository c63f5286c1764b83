"""From files to image tensors."""

import glob
import hashlib
import time
import warnings
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image, ImageOps

from mpsearch.core.arrays import Float32Array
from mpsearch.core.errors import ImageError
from mpsearch.model.image_archive import read_archive
from mpsearch.model.pictures import EXPECTED, Picture, PictureSet

Resize = Literal["squash", "crop"]

_FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_SUFFIXES: Final = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_TRANSPARENT: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_MOST_PIXELS: Final = 50_000_000
_CROP_RATIO: Final = 256 / 224  # the usual ImageNet evaluation: short side to size·256/224
_EARLY_SECONDS: Final = 1.0  # of decoding before the model is loaded
_LONGEST: Final = 16  # times as long as wide, before a picture is cut to its middle


def find_pictures(texts: list[str]) -> PictureSet:
    """Understand ``--images``: files, folders, globs, or one ``.npz`` with ``x`` and maybe ``y``.

    Every file's header is read, and as many as a second allows are decoded whole, so that what is
    not an image, or a damaged one, is refused before anybody has waited for a model.

    Raises:
        ImageError: Names the first thing that cannot be used.
    """
    if not texts:
        raise ImageError(f"no images given; {EXPECTED}")
    archives = [text for text in texts if text.lower().endswith(".npz")]
    if archives:
        if len(texts) > 1:
            raise ImageError(f"{archives[0]!r} is an archive of images; give it alone")
        return read_archive(Path(archives[0]))
    paths = [path for text in texts for path in _expand(text)]
    pictures: list[Picture] = []
    notes: list[str] = []
    seen: dict[str, str] = {}
    for path in paths:
        _check_header(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            notes.append(f"{path.name} is the same picture as {seen[digest]} and is used once")
            continue
        seen[digest] = path.name
        pictures.append(Picture(path.name, path))
    _decode_early(pictures)
    return PictureSet(tuple(pictures), None, notes)


def _decode_early(pictures: list[Picture]) -> None:
    """Find damage; what is left when time is up is found by :func:`load_tensor`."""
    end = time.monotonic() + _EARLY_SECONDS
    for picture in pictures:
        if time.monotonic() > end:
            return
        _decode(picture.path, [])  # the notes are taken when the picture is used


def _expand(text: str) -> list[Path]:
    path = Path(text)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # a name too long, or with a null byte
        raise ImageError(f"images {text!r} cannot be a path ({error}); {EXPECTED}") from error
    if is_folder:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        if not inside:
            raise ImageError(f"images {text!r}: no image in this folder; {EXPECTED}")
        return inside
    if exists:
        return [path]
    found = (Path(match) for match in glob.glob(text, recursive=True))  # noqa: PTH207
    matches = sorted(match for match in found if match.is_file())
    if not matches:
        raise ImageError(f"images {text!r}: no such file or folder, and no match; {EXPECTED}")
    return matches


def _check_header(path: Path) -> None:
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


def load_tensor(
    found: PictureSet, shape: tuple[int, int, int], resize: Resize, notes: list[str]
) -> Float32Array:
    """Bring every picture to *shape* = (height, width, channels).

    Args:
        found: What :func:`find_pictures` returned.
        shape: Of the model's input; 1 or 3 channels.
        resize: ``squash`` to the size with nearest-neighbour sampling, as the original program's
            loader did; or ``crop``: short side to size·256/224 (bicubic), then the centre. A
            picture that has the size already is taken as it is.
        notes: Gets one sentence for each picture that is not used as it is.

    Returns:
        Pixels 0..255, shape (n, height, width, channels).

    Raises:
        ImageError: If a picture is damaged or cannot be brought to the shape.
    """
    tensor = np.empty((len(found.pictures), *shape), dtype=np.float32)
    for row, picture in enumerate(found.pictures):
        if picture.pixels is not None:
            tensor[row] = _fit_array(picture, shape, resize)
            continue
        image = _decode(picture.path, notes)
        tensor[row] = _as_pixels(_resized(image, shape[0], shape[1], resize), shape[2])
    return tensor


def _decode(path: Path, notes: list[str]) -> Image.Image:
    """One upright picture in mode L or RGB."""
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
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, clear).convert("RGB")
    if mode in {"L", "RGB"}:
        return image
    if mode == "F":
        raise ImageError(f"image {str(path)!r} holds floating-point pixels; save it with 8 bits")
    if mode.startswith("I"):
        # 16 bits: 65535 / 257 = 255. Pillow's own conversion would clip at 255.
        wide = np.asarray(image, dtype=np.int64)
        if wide.min() < 0 or wide.max() > 65535:
            raise ImageError(f"image {str(path)!r} has pixels beyond 16 bits; save it with 8 bits")
        return Image.fromarray(np.rint(wide / 257).astype(np.uint8))
    if mode == "1":
        return image.convert("L")
    if mode == "CMYK":
        notes.append(f"{path.name} is in CMYK; it is converted to RGB without a colour profile")
    return image.convert("RGB")


def _resized(image: Image.Image, height: int, width: int, resize: Resize) -> Image.Image:
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


def _as_pixels(image: Image.Image, channels: int) -> Float32Array:
    mode = "L" if channels == 1 else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode), dtype=np.float32)
    return pixels.reshape(*pixels.shape[:2], channels)


def _fit_array(picture: Picture, shape: tuple[int, int, int], resize: Resize) -> Float32Array:
    pixels = picture.pixels
    assert pixels is not None
    if pixels.shape == shape:
        return pixels
    if (pixels != np.rint(pixels)).any() or pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(
            f"{picture.path.name} {picture.name} has shape {pixels.shape}, the model takes "
            f"{shape}, and only pixels 0..255 can be resized; bring x to the model's shape"
        )
    as_bytes = pixels.astype(np.uint8)
    image = Image.fromarray(as_bytes[..., 0] if as_bytes.shape[-1] == 1 else as_bytes)
    return _as_pixels(_resized(image, shape[0], shape[1], resize), shape[2])
