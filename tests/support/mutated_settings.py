"""Descriptions of honest models with single values replaced by others of any type."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from zoo import make

from mpsearch.model.backend import keras

layers = keras.layers

# One of each type, and numbers that few layers have a use for.
VALUES: tuple[Any, ...] = (
    *(None, True, False, "x", "", 0, -1, 1, 2, 3, 7, 2**20, -(2**31), 0.5, 1e30, -0.1),
    *([], [1], [2, 2], [0, 0], [-1, 3], [None, 4], ["x"], [[1, 1], [2, 2]], {}, {"a": 1}),
)


def unusual() -> Any:
    """Layers that the zoo lacks."""
    x = image = keras.Input((8, 8, 3))
    x = layers.Masking(0.5)(layers.Normalization(mean=[1.0, 2, 3], variance=[1, 1, 4])(x))
    x = layers.SpectralNormalization(layers.Conv2D(4, 3), power_iterations=2)(x)
    x = layers.PReLU(shared_axes=[1, 2])(layers.GroupNormalization(2)(x))
    x = layers.Resizing(6, 6)(layers.UpSampling2D(2, interpolation="bilinear")(x))
    x = layers.LeakyReLU(0.2)(layers.UnitNormalization()(layers.CenterCrop(4, 4)(x)))
    x = layers.Cropping2D(1)(layers.ZeroPadding2D(1)(layers.LayerNormalization()(x)))
    x = layers.ELU(0.9)(layers.AveragePooling2D(2, 1, padding="same")(x))
    x = layers.AdaptiveAveragePooling2D(3)(layers.Permute((2, 1, 3))(x))
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(x)), name="unusual")


def recurrent() -> Any:
    x = image = keras.Input((6, 6, 3))
    x = layers.Reshape((6, 18))(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1))(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    x = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)]))(x)
    x = layers.SimpleRNN(3, unroll=True)(layers.RepeatVector(4)(x))
    return keras.Model(image, layers.Dense(3)(x), name="recurrent")


_SAYS_LITTLE = ("name", "trainable", "dtype", "build", "initializer", "regularizer", "constraint")
NAMES = ("vgg", "mobile", "residual", "nested", "composite", "upward", "binary", "mixed")


def honest_files(folder: Path) -> list[Path]:
    """Small models as ``.keras`` files."""
    models = [*(make(name) for name in NAMES), unusual(), recurrent()]
    paths = [folder / f"{number}.keras" for number in range(len(models))]
    for model, path in zip(models, paths, strict=True):
        model.save(path)
    return paths


def mutated_settings(
    path: Path, rng: np.random.Generator, count: int
) -> Iterator[tuple[str, bytes]]:
    """What was changed, and the file, *count* times."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["config.json"]
    for number in range(count):
        config = json.loads(text)
        places = list(_places(config["config"]))
        if number % 2:  # what is most of a description says nothing of what a layer computes
            places = [(holder, key) for holder, key in places if _is_setting(holder, key)]
        holder, key = places[int(rng.integers(len(places)))]
        value = VALUES[int(rng.integers(len(VALUES)))]
        said = f"{path.name} {key}: {str(holder[key])[:60]} -> {value!r}"
        holder[key] = value
        memory = BytesIO()
        with zipfile.ZipFile(memory, "w") as archive:
            for name, content in (members | {"config.json": json.dumps(config).encode()}).items():
                archive.writestr(name, content)
        yield said, memory.getvalue()


def _is_setting(holder: Any, key: Any) -> bool:
    said = isinstance(holder, dict) and "trainable" in holder and "class_name" not in holder
    return said and not key.startswith(_SAYS_LITTLE) and not key.endswith(_SAYS_LITTLE)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything that can be replaced, by what holds it and its key or place there."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)
