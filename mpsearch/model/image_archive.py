"""Images and their classes from one ``.npz`` file."""

from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.core.errors import ImageError
from mpsearch.model.pictures import EXPECTED, Picture, PictureSet

_LARGEST_ARCHIVE: Final = 4 * 2**30


def read_archive(path: Path) -> PictureSet:
    """The images ``x`` of an ``.npz`` file, and their true classes ``y`` if it holds them.

    Raises:
        ImageError: If the file cannot be read, or holds no images.
    """
    try:
        if not path.is_file():
            raise ImageError(f"images {str(path)!r}: No such file, or not a regular one")
        if path.stat().st_size > _LARGEST_ARCHIVE:
            raise ImageError(f"images {str(path)!r} is larger than 4 GiB; give fewer images")
        with np.load(path, allow_pickle=False) as archive:
            if "x" not in archive:
                raise ImageError(f"images {str(path)!r} holds no array x; {EXPECTED}")
            x = archive["x"]
            y = archive.get("y")
    except ImageError:
        raise
    except OSError as error:
        reason = error.strerror or "not an .npz archive"
        raise ImageError(f"images {str(path)!r}: {reason}; {EXPECTED}") from error
    except Exception as error:  # zip, zlib and numpy raise a dozen kinds
        raise ImageError(f"images {str(path)!r} is damaged ({error}); {EXPECTED}") from error
    return _pictures_of(path, x, y)


def _pictures_of(path: Path, x: np.ndarray, y: np.ndarray | None) -> PictureSet:
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.ndim != 4 or x.shape[-1] not in {1, 3} or 0 in x.shape:
        raise ImageError(
            f"images {str(path)!r}: x has shape {x.shape}, expected (n, height, width) or "
            "(n, height, width, 1 or 3)"
        )
    with np.errstate(over="ignore"):
        finite = x.dtype.kind in "uif" and bool(np.isfinite(x.astype(np.float32)).all())
    if not finite:
        raise ImageError(f"images {str(path)!r}: x must hold finite numbers, has {x.dtype}")
    if y is not None and (y.shape != (len(x),) or y.dtype.kind not in "ui"):
        raise ImageError(
            f"images {str(path)!r}: y has shape {y.shape} and type {y.dtype}, expected "
            f"{len(x)} class indices"
        )
    pictures = tuple(
        Picture(f"{path.stem}_{i}", path, np.asarray(x[i], dtype=np.float32)) for i in range(len(x))
    )
    return PictureSet(pictures, None if y is None else y.astype(np.int64))
