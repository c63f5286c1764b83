"""Models that are no image classifiers, or unusual ones; each as a small Keras model."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras

layers = keras.layers


def classifier(classes: int = 3, last: str | None = "softmax", **first: Any) -> Any:
    """Eight by eight pixels in colour, one convolution, one dense layer."""
    size = first.pop("size", (8, 8, 3))
    return keras.Sequential(
        [
            keras.Input(size),
            layers.Conv2D(4, 3, activation="relu", **{"name": "c1", **first}),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation=last, name="d1"),
        ]
    )


def holding(value: float) -> Any:
    """A weight of the kernel of ``c1`` is *value*."""
    model = classifier()
    kernel, bias = model.get_layer("c1").get_weights()
    kernel[1, 1, 1, 1] = value
    model.get_layer("c1").set_weights([kernel, bias])
    return model


def two_inputs() -> Any:
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    x = layers.Flatten()(layers.Add()([a, b]))
    return keras.Model([a, b], layers.Dense(3, activation="softmax")(x))


def two_outputs() -> Any:
    x = layers.Flatten()(image := keras.Input((8, 8, 3)))
    return keras.Model(image, [layers.Dense(3, activation="softmax")(x) for _ in range(2)])


def on_vectors() -> Any:
    return keras.Sequential([keras.Input((20,)), layers.Dense(3, activation="softmax")])


def without_weights() -> Any:
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.GlobalAveragePooling2D(), layers.Softmax()]
    )


def shared() -> Any:
    image = keras.Input((8, 8, 3))
    twice = layers.Conv2D(3, 3, padding="same", name="twice")
    x = layers.GlobalAveragePooling2D()(twice(twice(image)))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="d1")(x))


def nested() -> Any:
    inner = classifier(4, None)
    x = inner(image := keras.Input((8, 8, 3)))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="top")(x))


def of_type(dtype: str) -> Any:
    """Computes in a type, or by a policy that mixes two."""
    old = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        return classifier()
    finally:
        keras.config.set_dtype_policy(old)


def quantized() -> Any:
    model = classifier()
    model.get_layer("d1").quantize("int8")
    return model


def far() -> Any:
    """A few words that ask for 1.9 TB."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.ZeroPadding2D(200_000, name="far"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def unbuilt() -> Any:
    return keras.Sequential(
        [layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )


MODELS: Final[dict[str, Callable[[], Any]]] = {
    "good": classifier,
    "far": far,
    "nan": lambda: holding(np.nan),
    "inf": lambda: holding(-np.inf),
    "logits": lambda: classifier(last=None),
    "multi_label": lambda: classifier(500, "sigmoid"),
    "regression": lambda: classifier(1, "relu"),
    "binary": lambda: classifier(1, "sigmoid"),
    "ten": lambda: classifier(10),
    "thousand": lambda: classifier(1001),
    "two_inputs": two_inputs,
    "two_outputs": two_outputs,
    "vectors": on_vectors,
    "open_size": lambda: classifier(size=(None, None, 3)),
    "gray": lambda: classifier(size=(8, 8, 1)),
    "channels_first": lambda: classifier(size=(3, 8, 8), data_format="channels_first"),
    "nothing": without_weights,
    "shared": shared,
    "nested": nested,
    "mixed": lambda: of_type("mixed_float16"),
    "float16": lambda: of_type("float16"),
    "float64": lambda: of_type("float64"),
    "quantized": quantized,
    "unbuilt": unbuilt,
    "spaced": lambda: classifier(name="a.b c"),
    "unicode": lambda: classifier(name="свёртка_卷积"),
    "dots": lambda: classifier(name=".."),
    "long": lambda: classifier(name="n" * 300),
    "device": lambda: classifier(name="CON"),
    "trailing": lambda: classifier(name="c1 "),
}
