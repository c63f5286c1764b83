"""One bad or odd input."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

GOOD = ("--model", "good.keras", "--preprocess", "unit")
PREDICT = ("predict", *GOOD, "--images")
PROFILE = ("profile", *GOOD, "--images", "noise.png", "--json", "--model")
SEARCH = ("search", *GOOD, "--images", "noise.png", "--holdout", "0")
TEXT = b"hello\n" * 99  # where something else should be
NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)

Make = Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """A command line, and what comes of it.

    Attributes:
        number: Of the kind of input, as ``kinds.KINDS`` has them.
        argv: The command line.
        code: How it exits.
        says: Parts of what is printed: on stderr if it is refused, anywhere if not.
        make: Writes what the command line names into a folder.
        early: Found before TensorFlow is loaded.
        sent: What happens to the process while it works: the name of a signal, or ``copy``, the
            same command started beside it.
    """

    number: int
    argv: tuple[str, ...]
    code: int
    says: tuple[str, ...] = ()
    make: Make | None = None
    early: bool = False
    sent: str | None = None

    @property
    def id(self) -> str:
        """Names the row in reports of tests."""
        return f"row{self.number} {' '.join((self.sent or '', *self.argv))[:70]}"


def written(name: str, content: bytes) -> Make:
    """Writes a file."""
    return lambda folder: (folder / name).write_bytes(content)


def changed(old: str, new: str, change: Callable[[bytes], bytes]) -> Make:
    """Writes a file again under another name, with other bytes."""
    return lambda folder: (folder / new).write_bytes(change((folder / old).read_bytes()))


def copied(old: str, new: str) -> Make:
    """Copies a file."""
    return changed(old, new, bytes)


def folder_of(name: str, *inside: str) -> Make:
    """Makes a folder with files that are nothing."""

    def make(folder: Path) -> None:
        (folder / name).mkdir()
        for one in inside:
            (folder / name / one).write_bytes(b"x")

    return make


def noise(path: Path) -> None:
    """Write a picture."""
    Image.fromarray(NOISE).save(path)
