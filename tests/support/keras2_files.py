"""Models that old versions of Keras wrote, and what TensorFlow 2.15's Keras says of them."""

import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mpsearch.values.arrays import Float32Array

GOLDEN = Path(__file__).parents[1] / "golden" / "keras2"


@cache
def answers() -> dict[str, Any]:
    """Name of a file → scores of each image; None for a model with several outputs."""
    found: dict[str, Any] = json.loads((GOLDEN / "answers.json").read_text())
    return found


def unpack(folder: Path) -> Path:
    """Put all model files into a folder."""
    with tarfile.open(GOLDEN / "models.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def images(shape: tuple[int, ...], scale: float = 1.0) -> Float32Array:
    """The images that the answers are about; scripts/keras2 makes the same."""
    numbers = np.arange(3 * int(np.prod(shape)), dtype=np.int64) * 7919 % 251
    return numbers.reshape(3, *shape).astype(np.float32) / np.float32(255) * np.float32(scale)
