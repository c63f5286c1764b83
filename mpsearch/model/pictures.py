"""Pictures before they are brought to a model's shape."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mpsearch.core.arrays import Float32Array, IntArray

#: What there is to do about something that is no picture.
EXPECTED: Final = "give a photograph (JPEG, PNG, WebP, TIFF, BMP, GIF) or a .npz with x"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, not yet resized.

    Attributes:
        name: File name, or ``digits_3`` for the fourth of digits.npz.
        path: Its file; the archive of an array.
        pixels: For archive members, shape (h, w, c); None for files, which are read when needed.
    """

    name: str
    path: Path
    pixels: Float32Array | None = None


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures in the order given, with what there is to say about them.

    Attributes:
        pictures: At least one.
        truth: True classes from the archive's ``y``, shape (n,), or None.
        notes: One sentence for every picture that is not used as it is.
    """

    pictures: tuple[Picture, ...]
    truth: IntArray | None
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(picture.name for picture in self.pictures)
