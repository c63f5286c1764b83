"""Images and their classes from one ``.npz`` file."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.model.pictures import EXPECTED
from mpsearch.model.stored_array import ARCHIVE_ERRORS, ArrayArchive, StoredArray
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.errors import ImageError

_LARGEST: Final = 4 * 2**30  # bytes of all images, unpacked
_LARGEST_IMAGE: Final = 256 * 2**20  # bytes of one
_LARGEST_FORTRAN: Final = 256 * 2**20  # bytes of images that cannot be read one by one
_MOST_IMAGES: Final = 1_000_000
_PIECE: Final = 8 * 2**20  # bytes of images read at once


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """The array ``x`` of an ``.npz`` file; it is read when it is needed.

    Attributes:
        path: The file.
        array: Header of the images' array.
        truth: True classes from the array ``y``, shape (n,), or None.
    """

    path: Path
    array: StoredArray
    truth: IntArray | None

    @property
    def names(self) -> tuple[str, ...]:
        """``digits_3`` for the fourth image of digits.npz."""
        return tuple(f"{self.path.stem}_{i}" for i in range(self.array.shape[0]))

    def pieces(self) -> Iterator[Float32Array]:
        """All images in order, some at a time, each piece of shape (k, h, w, c).

        Raises:
            ImageError: If the file is damaged, or holds numbers that are not finite.
        """
        try:
            with ArrayArchive.open(self.path) as archive:
                if archive.find("x") != self.array:
                    raise ImageError(f"images {str(self.path)!r} was replaced; start again")
                for piece in _pieces(archive, self.array):
                    yield self._as_float32(piece if piece.ndim == 4 else piece[..., np.newaxis])
        except (ImageError, MemoryError):
            raise
        except ARCHIVE_ERRORS as error:
            raise _damaged(self.path, error) from error

    def _as_float32(self, piece: npt.NDArray[Any]) -> Float32Array:
        with np.errstate(over="ignore"):
            pixels = piece.astype(np.float32, copy=False)
        if piece.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise ImageError(
                f"images {str(self.path)!r}: x must hold finite numbers; one of its "
                f"{piece.dtype} is not finite in 32 bits"
            )
        return pixels


def read_archive(path: Path) -> ImageArchive:
    """Measure the images ``x`` of an ``.npz`` file, and read their true classes ``y`` if there are.

    All of it is read once, in pieces, so that damage is found before time is spent on a model.

    Raises:
        ImageError: If the file cannot be read, or holds no images.
    """
    try:
        if not path.is_file():
            raise ImageError(f"images {str(path)!r}: No such file, or not a regular one")
        with ArrayArchive.open(path) as archive:
            x, y = archive.find("x"), archive.find("y")
            if x is None:
                raise ImageError(f"images {str(path)!r} holds no array x; {EXPECTED}")
            _require_images(path, x)
            truth = None if y is None else _classes(path, archive, y, x.shape[0])
    except (ImageError, MemoryError):
        raise
    except ARCHIVE_ERRORS as error:
        raise _damaged(path, error) from error
    measured = ImageArchive(path, x, truth)
    for _ in measured.pieces():
        pass
    return measured


def _damaged(path: Path, error: Exception) -> ImageError:
    if isinstance(error, OSError) and error.strerror:
        return ImageError(f"images {str(path)!r}: {error.strerror}; {EXPECTED}")
    reason = str(error) or type(error).__name__
    return ImageError(f"images {str(path)!r} is no .npz archive, or damaged ({reason}); {EXPECTED}")


def _require_images(path: Path, x: StoredArray) -> None:
    where, shape = f"images {str(path)!r}", x.shape
    if x.dtype.kind not in "uif":
        raise ImageError(f"{where}: x must hold finite numbers, has {x.dtype}")
    if len(shape) not in {3, 4} or 0 in shape or (len(shape) == 4 and shape[3] not in {1, 3}):
        raise ImageError(
            f"{where}: x has shape {shape}, expected (n, height, width) or (n, height, width, 1 "
            "or 3)"
        )
    if shape[0] > _MOST_IMAGES:
        raise ImageError(f"{where}: x holds {shape[0]:,} images, more than {_MOST_IMAGES:,}")
    for what, nbytes, most in (
        ("x takes", x.nbytes, _LARGEST),
        ("an image of x takes", x.nbytes // shape[0], _LARGEST_IMAGE),
        ("x in Fortran order takes", x.nbytes if x.fortran else 0, _LARGEST_FORTRAN),
    ):
        if nbytes > most:
            remedy = "np.ascontiguousarray(x)" if "Fortran" in what else "fewer or smaller images"
            raise ImageError(
                f"{where}: {what} {nbytes / 2**20:,.0f} MiB unpacked ({shape}, {x.dtype}), more "
                f"than {most // 2**20:,}; save {remedy}, or pixels as uint8"
            )


def _classes(path: Path, archive: ArrayArchive, y: StoredArray, images: int) -> IntArray:
    if y.shape != (images,) or y.dtype.kind not in "ui":
        raise ImageError(
            f"images {str(path)!r}: y has shape {y.shape} and type {y.dtype}, expected "
            f"{images} class indices"
        )
    return archive.read(y).astype(np.int64)


def _pieces(archive: ArrayArchive, x: StoredArray) -> Iterator[npt.NDArray[Any]]:
    rows = max(1, _PIECE // (x.dtype.itemsize * math.prod(x.shape[1:])))
    if not x.fortran:
        yield from archive.pieces(x, rows)
        return
    whole = archive.read(x)  # its images are not side by side
    for first in range(0, len(whole), rows):
        yield np.ascontiguousarray(whole[first : first + rows])
