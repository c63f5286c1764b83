"""Keras models that hold decoded weights."""

import gc
import math
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from mpsearch.core.arrays import Float32Array
from mpsearch.core.errors import EnvironmentFault
from mpsearch.core.files import write_bytes
from mpsearch.core.freed_memory import give_back_freed_memory
from mpsearch.core.input_images import Inputs
from mpsearch.model.load import load_keras_model
from mpsearch.model.scopes import compile_safely
from mpsearch.model.source import ModelSource
from mpsearch.model.weight_layers import weight_layers

_BATCH: Final = 32  # of the plain forward pass; results depend on it in the last digits
_PIECE: Final = 16 * 2**20  # bytes of images handed to Keras at once, which copies them

_WEIGHTS: Final = "model.weights.h5"  # within a .keras archive, too


def decoded_model(
    source: ModelSource,
    size: tuple[int, int] | None,
    decoded: Callable[[int], tuple[Float32Array, ...]],
) -> Any:
    """A fresh copy of a model with other weights in its weight layers.

    Args:
        source: The trained model, loaded again: no live model is changed.
        size: As for :func:`~mpsearch.model.load.load_keras_model`.
        decoded: Gives the tensors of a weight layer by its index.
    """
    model = load_keras_model(source, size)
    for live in weight_layers(model):
        live.keras_layer.set_weights(list(decoded(live.layer.index)))
    return model


def plain_forward(model: Any, inputs: Inputs) -> Float32Array:
    """Class scores of Keras' own forward pass, shape (n, classes)."""
    step = _BATCH
    if compile_safely([model]):
        # Whole batches, so that the batches are those of all images at once.
        step *= max(1, _PIECE // (_BATCH * 4 * math.prod(inputs.shape[1:])))

        def scores(piece: Float32Array) -> Float32Array:
            found: Float32Array = model.predict(piece, batch_size=_BATCH, verbose=0)
            return found
    else:

        def scores(piece: Float32Array) -> Float32Array:
            return np.asarray(model(piece, training=False))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' advice to the author of the model
        return np.concatenate([scores(inputs[i : i + step]) for i in range(0, len(inputs), step)])


def plain_forward_once(make: Callable[[], Any], inputs: Inputs) -> Float32Array:
    """:func:`plain_forward` of a model that is made for it, and let go of at once.

    Keras models refer to themselves in circles: without asking, Python keeps several.
    """
    try:
        return plain_forward(make(), inputs)
    finally:
        gc.collect()
        give_back_freed_memory()


def write_keras_model(model: Any, path: Path) -> Path:
    """Save a model as ``.keras``, whole or not at all.

    Raises:
        EnvironmentFault: If the disk, or that of temporary files, refuses.
    """
    return write_bytes(path, _saved(model, Path.read_bytes))


def write_architecture_and_weights(
    model: Any, folder: Path, within: Path | None = None
) -> list[Path]:
    """``model.json`` and ``model.weights.h5``, as the original wrote for each mask.

    Args:
        model: Keras'.
        folder: Where.
        within: The folder that the user named, around it.

    Raises:
        SettingError: If a folder inside *within* is a symbolic link.
        EnvironmentFault: If the disk, or that of temporary files, refuses.
    """
    # Out of the archive: where h5py writes to a disk that fills up, Python crashes as it ends.
    weights = _saved(model, _weights_in)
    return [
        write_bytes(folder / "model.json", model.to_json().encode(), within),
        write_bytes(folder / _WEIGHTS, weights, within),
    ]


def _weights_in(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as members:
        return members.read(_WEIGHTS)


def _saved(model: Any, read: Callable[[Path], bytes]) -> bytes:
    """What *read* takes from a ``.keras`` archive, which Keras writes to files only."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            return read(path)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write temporary files to {tempfile.gettempdir()!r}: "
            f"{error.strerror or error}; free space there or set TMPDIR to another folder"
        ) from error
