"""Files as image tensors."""

import glob
import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from mpsearch.model.image_archive import ImageArchive, read_archive
from mpsearch.model.pictures import EXPECTED, Picture, as_pixels, check_header, decode, resized
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.choices import Resize
from mpsearch.values.errors import ImageError

_SUFFIXES: Final = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_EARLY_SECONDS: Final = 1.0  # of decoding before the model is loaded
_PIECE: Final = 8 * 2**20  # bytes of pixels made at once


@dataclass(frozen=True, slots=True)
class ImageSource:
    """The images that the setting ``images`` names, in the order given, and notes on them.

    Attributes:
        pictures: Files; none where there is an archive.
        archive: An ``.npz`` of images, or None.
        notes: One sentence for every picture that is not used as it is.
    """

    pictures: tuple[Picture, ...]
    archive: ImageArchive | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        if self.archive is not None:
            return self.archive.names
        return tuple(picture.name for picture in self.pictures)

    @property
    def truth(self) -> IntArray | None:
        """True classes that came with the images, shape (n,), or None."""
        return None if self.archive is None else self.archive.truth

    def __len__(self) -> int:
        return len(self.pictures) if self.archive is None else self.archive.array.shape[0]


def find_pictures(texts: list[str]) -> ImageSource:
    """Parse ``images``: files, folders, globs, or one ``.npz`` with ``x`` and maybe ``y``.

    Every file's header is read, and as many as a second allows are decoded whole, so that what is
    not an image, or a damaged one, is refused before time is spent on a model.

    Raises:
        ImageError: Names the first thing that cannot be used.
    """
    if not texts:
        raise ImageError(f"no images given; {EXPECTED}")
    archives = [text for text in texts if text.lower().endswith(".npz")]
    if archives:
        if len(texts) > 1:
            raise ImageError(f"{archives[0]!r} is an archive of images; give it alone")
        return ImageSource((), read_archive(Path(archives[0])))
    paths = [path for text in texts for path in _expand(text)]
    pictures: list[Picture] = []
    notes: list[str] = []
    seen: dict[str, str] = {}
    for path in paths:
        check_header(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest in seen:
            notes.append(f"{path.name} is the same picture as {seen[digest]} and is used once")
            continue
        seen[digest] = path.name
        pictures.append(Picture(path.name, path))
    _decode_early(pictures)
    return ImageSource(tuple(pictures), None, notes)


def _decode_early(pictures: list[Picture]) -> None:
    """Find damage; what is left when time is up is found by :func:`pixel_pieces`."""
    end = time.monotonic() + _EARLY_SECONDS
    for picture in pictures:
        if time.monotonic() > end:
            return
        decode(picture.path, [])  # the notes are taken when the picture is used


def _expand(text: str) -> list[Path]:
    path = Path(text)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError) as error:  # a name too long, or with a null byte
        raise ImageError(f"images {text!r} cannot be a path ({error}); {EXPECTED}") from error
    if is_folder:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
        if not inside:
            raise ImageError(
                f"images {text!r}: no image in this folder (subfolders are not searched); "
                f"{EXPECTED}"
            )
        return inside
    if exists:
        return [path]
    paths = (Path(match) for match in glob.glob(text, recursive=True))  # noqa: PTH207
    matches = sorted(match for match in paths if match.is_file())
    if not matches:
        raise ImageError(f"images {text!r}: no such file or folder, and no match; {EXPECTED}")
    return matches


def pixel_pieces(
    source: ImageSource, shape: tuple[int, int, int], resize: Resize, notes: list[str]
) -> Iterator[Float32Array]:
    """Bring every picture to *shape* = (height, width, channels), some at a time.

    Args:
        source: Images from :func:`find_pictures`.
        shape: Shape of the model's input; 1 or 3 channels.
        resize: ``squash`` to the size with nearest-neighbour sampling, as the original program's
            loader did; or ``crop``: short side to size·256/224 (bicubic), then the centre. A
            picture that has the size already is taken as it is.
        notes: Gets one sentence for each picture that is not used as it is.

    Yields:
        Pixels 0..255, shape (k, height, width, channels); all pieces together have the n images in
        order.

    Raises:
        ImageError: If a picture is damaged or cannot be brought to the shape.
    """
    if source.archive is not None:
        yield from _archived(source.archive, shape, resize)
        return
    step = max(1, _PIECE // (4 * math.prod(shape)))
    for first in range(0, len(source.pictures), step):
        some = source.pictures[first : first + step]
        piece = np.empty((len(some), *shape), dtype=np.float32)
        for row, picture in enumerate(some):
            image = decode(picture.path, notes)
            piece[row] = as_pixels(resized(image, shape[0], shape[1], resize), shape[2])
        yield piece


def _archived(
    archive: ImageArchive, shape: tuple[int, int, int], resize: Resize
) -> Iterator[Float32Array]:
    step = max(1, _PIECE // (4 * math.prod(shape)))
    done = 0
    for stored in archive.pieces():
        if stored.shape[1:] == shape:
            yield stored
        else:
            for first in range(0, len(stored), step):
                some = stored[first : first + step]
                piece = np.empty((len(some), *shape), dtype=np.float32)
                for row, pixels in enumerate(some):
                    where = f"{archive.path.name} {archive.path.stem}_{done + first + row}"
                    piece[row] = _fit_array(where, pixels, shape, resize)
                yield piece
        done += len(stored)


def _fit_array(
    where: str, pixels: Float32Array, shape: tuple[int, int, int], resize: Resize
) -> Float32Array:
    if (pixels != np.rint(pixels)).any() or pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(
            f"{where} has shape {pixels.shape}, the model takes {shape}, and only pixels 0..255 "
            "can be resized; bring x to the model's shape"
        )
    as_bytes = pixels.astype(np.uint8)
    image = Image.fromarray(as_bytes[..., 0] if as_bytes.shape[-1] == 1 else as_bytes)
    return as_pixels(resized(image, shape[0], shape[1], resize), shape[2])
