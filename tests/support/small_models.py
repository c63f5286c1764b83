"""Small Keras models, and what is opened of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mpsearch.model.backend import keras
from mpsearch.model.load import load_keras_model
from mpsearch.model.network import KerasNetwork
from mpsearch.model.source import find_model

layers = keras.layers
Build = Callable[[], Any]


def image(height: int | None = 8, width: int | None = 8, channels: int = 3) -> Any:
    return keras.Input((height, width, channels))


def classify(x: Any, classes: int = 3, activation: str | None = "softmax") -> Any:
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(classes, activation=activation, name="dense")(x)


def chain(*steps: Any, source: Any = None) -> Any:
    """A functional model of one step after another."""
    x = source = image() if source is None else source
    for step in steps:
        x = step(x)
    return keras.Model(source, x, name="net")


def scores(classes: int = 3, activation: str | None = "softmax", *after: Any) -> Any:
    return chain(lambda x: classify(x, classes, activation), *after)


def open_file(path: Path, size: tuple[int, int] | None = None) -> Any:
    return load_keras_model(find_model(str(path)), size)


def saved(model: Any, folder: Path, ending: str = "keras") -> Path:
    path = folder / f"net.{ending}"
    model.save(path)
    return path


def inputs(model: Any, count: int = 2) -> Any:
    shape = (count, *model.input_shape[1:])
    return np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)


def probabilities(model: Any, from_logits: bool = False) -> tuple[Any, Any]:
    """What the network makes of the model's scores, and the scores."""
    raw = np.asarray(model(inputs(model)))
    return KerasNetwork(model, from_logits).probabilities(raw), raw
