"""Picture files, and what is loaded of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mpsearch.model.images import ImageSource, find_pictures, pixel_pieces
from mpsearch.values.choices import Resize
from mpsearch.values.errors import ImageError


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Any:
    """Random pixels, shape (h, w, c), or (h, w) for one channel."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def load_tensor(
    found: ImageSource, shape: tuple[int, int, int], resize: Resize, notes: list[str]
) -> Any:
    """All pieces as one array, shape (n, h, w, c)."""
    pieces = list(pixel_pieces(found, shape, resize, notes))
    assert all(piece.dtype == np.float32 for piece in pieces)
    return np.concatenate(pieces)


def load(
    path: Path | str, shape: tuple[int, int, int], resize: Resize = "squash"
) -> tuple[Any, list[str]]:
    """The one picture at *path*, and the notes about it."""
    found = find_pictures([str(path)])
    notes = list(found.notes)
    tensor = load_tensor(found, shape, resize, notes)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, *shape)
    return tensor[0], notes


def refusal(path: Path | str, shape: tuple[int, int, int] = (4, 4, 3)) -> str:
    """What is said against the picture at *path*."""
    with pytest.raises(ImageError) as caught:
        load(path, shape)
    return str(caught.value)


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def frames(count: int = 3) -> list[Image.Image]:
    return [Image.fromarray(noise(12, 10, seed=seed)) for seed in range(count)]


# Archives.


def archive(folder: Path, **arrays: Any) -> Path:
    path = folder / "images.npz"
    np.savez(path, **arrays)
    return path
