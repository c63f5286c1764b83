"""How pictures get the size and the channels of the model."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import load, noise, save
from PIL import Image

from mpsearch.values.choices import Resize


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
@settings(max_examples=60, deadline=None)
def test_squash_takes_the_nearest_pixel(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int], target: tuple[int, int]
) -> None:
    stored = noise(*size)
    path = save(tmp_path_factory.mktemp("squash") / "a.png", Image.fromarray(stored))
    pixels, _ = load(path, (*target, 3))
    # The pixel under the centre of each new pixel; a centre on an edge may go either way.
    new, old = [], []
    for before, after in zip(size, target, strict=True):
        centres = (2 * np.arange(after) + 1) * before
        clear = centres % (2 * after) != 0
        new.append(np.flatnonzero(clear))
        old.append(centres[clear] // (2 * after))
    np.testing.assert_array_equal(pixels[np.ix_(*new)], stored[np.ix_(*old)])


@dataclass(frozen=True)
class Crop:
    size: tuple[int, int]  # width, height, as Pillow has them
    target: tuple[int, int]
    larger: tuple[int, int]
    corner: tuple[int, int]  # left, top


CROPS = [
    Crop((640, 480), (227, 227), (345, 259), (59, 16)),
    Crop((480, 640), (227, 227), (259, 345), (16, 59)),
    Crop((640, 480), (224, 224), (341, 256), (58, 16)),
    Crop((300, 300), (224, 224), (256, 256), (16, 16)),
    Crop((100, 50), (224, 224), (512, 256), (144, 16)),
    Crop((256, 256), (299, 299), (342, 342), (21, 21)),
]


@pytest.mark.parametrize("case", CROPS, ids=str)
def test_crop_brings_the_short_side_to_size_and_takes_the_centre(
    tmp_path: Path, case: Crop
) -> None:
    image = Image.fromarray(noise(case.size[1], case.size[0]))
    larger = np.asarray(image.resize(case.larger, Image.Resampling.BICUBIC), np.float32)
    (left, top), (width, height) = case.corner, case.target
    pixels, _ = load(save(tmp_path / "a.png", image), (height, width, 3), "crop")
    np.testing.assert_array_equal(pixels, larger[top : top + height, left : left + width])


@pytest.mark.parametrize("resize", ["squash", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (3, 2)])
@pytest.mark.parametrize("channels", [1, 3])
def test_odd_sizes_are_accepted(
    tmp_path: Path, size: tuple[int, int], resize: Resize, channels: int
) -> None:
    path = save(tmp_path / "a.png", Image.new("RGB", size, (90, 90, 90)))
    pixels, _ = load(path, (8, 6, channels), resize)
    assert (pixels == 90).all()


LONG_AND_THIN = textwrap.dedent(
    """
    import resource, sys
    from mpsearch.model.images import find_pictures, pixel_pieces

    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    found = find_pictures([sys.argv[1]])
    (piece,) = pixel_pieces(found, (224, 224, 1), sys.argv[2], [])
    print(piece.mean())
    """
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_a_line_of_pixels_needs_no_gigabyte(tmp_path: Path, resize: str) -> None:
    path = save(tmp_path / "line.png", Image.new("L", (1, 20_000), 90))
    done = subprocess.run(
        [sys.executable, "-c", LONG_AND_THIN, str(path), resize],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout.strip()) == (0, "90.0"), done.stderr[-300:]


def test_colour_becomes_luminance_for_a_gray_model(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    pixels, _ = load(save(tmp_path / "a.png", Image.fromarray(colours)), (1, 4, 1))
    np.testing.assert_allclose(pixels.ravel(), [76, 150, 29, 255], atol=0.5)


def test_gray_becomes_three_equal_channels_for_a_colour_model(tmp_path: Path) -> None:
    gray = noise(3, 4, 1)
    pixels, _ = load(save(tmp_path / "a.png", Image.fromarray(gray)), (3, 4, 3))
    np.testing.assert_array_equal(pixels, np.repeat(gray[..., None], 3, axis=2))
