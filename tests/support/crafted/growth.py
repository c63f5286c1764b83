"""Files of some kilobytes that ask Keras or TensorFlow for gigabytes, or for minutes.

All pass the allow-list: what is wrong with them is known only with the shapes along the graph.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from crafted.attack import Attack
from crafted.blocks import Json, h5_file, keras_file, layer

ABSENT = "its weights are not in the file"
SPACE = "GiB at one time"
FUNCTIONAL = "keras.src.models.functional"


def classifier(image: list[int], *middle: Json, batch: int | None = None) -> Json:
    """A Sequential classifier of images of a shape."""
    shape = [batch, *image]
    layers = [
        layer("InputLayer", "image", batch_shape=shape, dtype="float32"),
        *middle,
        layer("Flatten", "flat"),
        layer("Dense", "head", units=3, activation="softmax"),
    ]
    return layer("Sequential", "net", "keras", layers=layers)


def functional(*layers: Json, last: str, name: str = "net", first: str = "image") -> Json:
    """A Functional model of layers that :func:`called` has made."""
    ends = {"input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    return layer("Functional", name, FUNCTIONAL, layers=list(layers), **ends)


def called(one: Json, *sources: Any, **kwargs: Any) -> Json:
    """A layer of a Functional model, called once on the outputs of others, or on constants."""
    arguments = [reference(source) if isinstance(source, str) else source for source in sources]
    args = arguments if len(arguments) < 2 else [arguments]
    nodes = [{"args": args, "kwargs": kwargs}] if sources else []
    return one | {"name": one["config"]["name"], "inbound_nodes": nodes}


def reference(source: str) -> Json:
    history = {"shape": [None, 4, 4, 3], "dtype": "float32", "keras_history": [source, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def image(*shape: int, name: str = "image") -> Json:
    return called(layer("InputLayer", name, batch_shape=[None, *shape], dtype="float32"))


def head(features: int, more: Any = None) -> Any:
    """Weights for *features* inputs of the head, and others as *more* says."""

    def edit(file: Any) -> None:
        for group in ("layers/dense/vars/0", "head/net/head/kernel"):
            if group in file:
                del file[group]
                file[group] = np.zeros((features, 3), np.float32)
        if more is not None:
            more(file)

    return edit


def wrapped(outer: str, inner: str, **config: Any) -> Json:
    return layer(outer, "outer", layer=layer(inner, "inner", **config))


def sequence(length: int, *after: Json, features: int = 3) -> Json:
    """A network over *length* steps, of which the last layer keeps one."""
    side = 2 ** (length.bit_length() // 2)
    steps = layer("Reshape", "steps", target_shape=[length, features])
    return classifier([side, length // side, features], steps, *after)


def mean(name: str = "mean") -> Json:
    return layer("GlobalAveragePooling1D", name)


def pooled(name: str = "mean") -> Json:
    return layer("GlobalAveragePooling2D", name)


def lstm(**settings: Any) -> Json:
    return layer("LSTM", "memory", **settings)


SQUARE = [16384, 8192, 1]  # as large as an image may be
LONG = layer("Reshape", "long", target_shape=[2**10, 2**17])

# The weights that these declare are not in the file.
UNBUILT: dict[str, Json] = {
    "prelu": classifier(SQUARE, *(layer("PReLU", f"p{i}") for i in range(20))),
    "dense_after_flatten": classifier(
        [1024, 1024, 3], layer("Flatten", "f"), layer("Dense", "d", units=900)
    ),
    "dense_after_padding": classifier(
        [8, 8, 1],
        layer("ZeroPadding2D", "far", padding=[[4000, 4000], [4000, 4000]]),
        layer("Flatten", "f"),
        layer("Dense", "d", units=100),
    ),
    "dense_after_upsampling": classifier(
        [8, 8, 3],
        layer("UpSampling2D", "up", size=[1024, 1024]),
        layer("Flatten", "f"),
        layer("Dense", "d", units=1000),
    ),
    "head_alone": classifier(SQUARE),
    "orthogonal_lstm": sequence(16, lstm(units=14000)),
    "orthogonal_gru": sequence(16, layer("GRU", "memory", units=14000)),
    "bidirectional": sequence(16, wrapped("Bidirectional", "LSTM", units=14000)),
    "distributed": classifier(
        [4, 2**19, 1],
        wrapped("TimeDistributed", "Permute", dims=[2, 1]),
        layer("Dense", "d", units=2000),
    ),
    "spectral": classifier(
        [1024, 1024, 3],
        layer("Flatten", "f"),
        wrapped("SpectralNormalization", "Dense", units=900),
    ),
    "attention": functional(
        image(16, 16, 3),
        called(layer("Reshape", "steps", target_shape=[256, 3]), "image"),
        called(layer("MultiHeadAttention", "a", num_heads=2000, key_dim=2000), "steps", "steps")
        | {"inbound_nodes": [{"args": [reference("steps")] * 2, "kwargs": {}}]},
        called(layer("Flatten", "flat"), "a"),
        called(layer("Dense", "head", units=3, activation="softmax"), "flat"),
        last="head",
    ),
    "einsum": classifier(
        [4, 4, 3],
        layer(
            "EinsumDense", "e", equation="abcd,defg->abcefg", output_shape=[4, 4, 2**14, 2**14, 1]
        ),
    ),
    "cells": sequence(
        16,
        layer(
            "RNN",
            "memory",
            cell=layer(
                "StackedRNNCells", "both", cells=[layer("LSTMCell", n, units=14000) for n in "ab"]
            ),
        ),
    ),
    "convolution_lstm": classifier(
        [64, 64, 3],
        layer("Reshape", "r", target_shape=[8, 8, 64, 3]),
        layer("ConvLSTM2D", "memory", filters=20000, kernel_size=[1, 1]),
    ),
    "normalized": classifier(
        SQUARE, LONG, *(layer("LayerNormalization", f"n{i}", axis=[1, 2]) for i in range(9))
    ),
    "batch_normalized": classifier(
        SQUARE, LONG, *(layer("BatchNormalization", f"n{i}") for i in range(9))
    ),
    "group_normalized": classifier(
        SQUARE, LONG, *(layer("GroupNormalization", f"n{i}", groups=1) for i in range(9))
    ),
    "separable": classifier(
        [1, 1, 3],
        layer("UpSampling2D", "up", size=[4, 4]),
        layer("Conv2D", "c", filters=30000, kernel_size=[1, 1]),
        layer("SeparableConv2D", "s", filters=30000, kernel_size=[3, 3]),
    ),
    "identity": classifier(
        [4, 4, 3],
        layer("Flatten", "f"),
        layer("Dense", "d", units=30000),
        layer("Dense", "e", units=30000, kernel_initializer="identity"),
    ),
    "orthogonal": classifier(
        [4, 4, 3],
        layer("Flatten", "f"),
        layer("Dense", "d", units=30000),
        layer("Dense", "e", units=30000, kernel_initializer="orthogonal"),
    ),
}


# These have all their weights, which are few.
def _values() -> Iterator[tuple[str, Json, Any, str]]:
    up = layer("UpSampling2D", "up", size=[8192, 8192])
    yield "upsampled", classifier([4, 4, 3], up, pooled()), head(3), "'up' outputs"
    some = [layer("ZeroPadding2D", f"far{i}", padding=i * 1900) for i in (1, 2)]
    yield "padded", classifier([4, 4, 3], *some, pooled()), head(3), "'far2' outputs"
    yield (
        "repeated",
        sequence(256, layer("Flatten", "f"), layer("RepeatVector", "r", n=2**19), mean()),
        head(768),
        "'r' outputs",
    )
    scores = layer("Attention", "scores")
    branches = [
        image(256, 256, 1),
        called(layer("Reshape", "steps", target_shape=[2**16, 1]), "image"),
        called(scores, "steps", "steps"),
        called(layer("Flatten", "flat"), "scores"),
    ]
    end = called(layer("Dense", "head", units=3, activation="softmax"), "flat")
    yield "scores", functional(*branches, end, last="head"), head(2**16), "'scores': up to it"
    odd = [
        *branches[:2],
        called(layer("Attention", "sc ores"), "steps", "steps"),
        called(layer("Flatten", "flat"), "sc ores"),
    ]
    yield "odd_name", functional(*odd, end, last="head"), head(2**16), "only known for layers whose"
    additive = [
        *branches[:2],
        called(layer("AdditiveAttention", "scores", use_scale=False), "steps", "steps"),
        called(layer("Flatten", "flat"), "scores"),
    ]
    yield "additive", functional(*additive, end, last="head"), head(2**16), SPACE
    dot = [
        *branches[:2],
        called(layer("Dot", "dot", axes=2), "steps", "steps"),
        called(layer("GlobalAveragePooling1D", "flat"), "dot"),
    ]
    yield "dot", functional(*dot, end, last="head"), head(2**16), "'dot' outputs"
    spread = [
        image(256, 256, 1),
        called(layer("Reshape", "row", target_shape=[2**16, 1]), "image"),
        called(layer("Reshape", "column", target_shape=[1, 2**16]), "image"),
        called(layer("Multiply", "outer"), "row", "column"),
        called(layer("GlobalAveragePooling1D", "flat"), "outer"),
    ]
    yield "outer_product", functional(*spread, end, last="head"), head(2**16), "'outer' outputs"
    apart = layer(
        "DepthwiseConv2D", "apart", kernel_size=[3, 3], dilation_rate=2**17, padding="same"
    )

    def kernel(file: Any) -> None:
        if "layers" in file:
            file["layers/depthwise_conv2d/vars/0"] = np.zeros((3, 3, 3, 1), np.float32)
            file["layers/depthwise_conv2d/vars/1"] = np.zeros(3, np.float32)
        else:
            file.attrs["layer_names"] = [b"flat", b"apart", b"head"]
            group = file.create_group("apart")
            group.attrs["weight_names"] = [b"k", b"b"]
            group["k"], group["b"] = np.zeros((3, 3, 3, 1), np.float32), np.zeros(3, np.float32)

    yield "dilated", classifier([4, 4, 3], apart), head(48, kernel), SPACE
    pool = layer("AveragePooling2D", "pool", pool_size=[4096, 4096], strides=[1, 1], padding="same")
    yield "windows", classifier([4096, 4096, 3], pool, pooled()), head(3), "billion multiplications"
    adaptive = layer("AdaptiveAveragePooling2D", "pool", output_size=[30000, 30000])
    yield "adaptive", classifier([4, 4, 3], adaptive, pooled()), head(3), "outputs"
    # Each output looks at half of the picture's side, twice.
    most = layer("AdaptiveMaxPooling2D", "pool", output_size=[2000, 2])
    yield "adaptive_most", classifier([4096, 4096, 3], most, pooled()), head(3), "multiplications"
    big = layer("Resizing", "big", height=40000, width=40000)
    yield "resized", classifier([4, 4, 3], big, pooled()), head(3), "'big' outputs"
    wide = layer("Resizing", "wide", height=4, width=2**20, pad_to_aspect_ratio=True)
    yield "aspect", classifier([64, 64, 3], wide, pooled()), head(3), SPACE
    many = [0.5] * 2**15
    rows = layer("Reshape", "rows", target_shape=[2**16, 1])
    broad = layer("Rescaling", "broad", scale=many, offset=0.0)
    yield "broadcast", classifier([256, 256, 1], rows, broad), head(2**16), "'broad': up to it"
    bn = layer("BatchNormalization", "bn", epsilon=many)
    yield "list_for_number", classifier([256, 256, 1], rows, bn), None, "'bn': epsilon = [0.5"
    lying = layer("Dense", "d", units=1000) | {"build_config": {"input_shape": [None, 2**30]}}
    yield "lying_build", classifier([4, 4, 3], lying), None, "layer 'd': Dense declares at least"
    # It makes its means when it is built, before it is known that the head has no weights.
    normal = layer("Normalization", "n", axis=[1, 2], mean=0.5, variance=1.0)
    yield "normalization", classifier(SQUARE, LONG, normal), None, "134,217,728 means"


def _small_lstm(file: Any) -> None:
    arrays = [np.zeros(shape, np.float32) for shape in ((3, 4), (1, 4), (4,))]
    if "layers" in file:
        for number, array in enumerate(arrays):
            file[f"layers/lstm/cell/vars/{number}"] = array
    else:
        file.attrs["layer_names"] = [b"flat", b"memory", b"head"]
        group = file.create_group("memory")
        group.attrs["weight_names"] = [b"k", b"r", b"b"]
        for name, array in zip("krb", arrays, strict=True):
            group[name] = array


# These take their time.
def _slow() -> Iterator[tuple[str, Json, Any, str]]:
    yield "steps", sequence(2**20, lstm(units=1)), head(1, _small_lstm), "steps one after the other"
    yield (
        "unrolled",
        sequence(2**18, lstm(units=1, unroll=True)),
        head(1, _small_lstm),
        "262,144 steps written out",
    )
    inner = wrapped("TimeDistributed", "Softmax")
    yield "distributed_steps", sequence(2**18, inner, mean()), head(3), "262,144 steps written out"
    twice = layer("TimeDistributed", "b", layer=layer("Softmax", "s"))
    square = layer("Reshape", "square", target_shape=[512, 512, 1, 1])
    nested = layer("TimeDistributed", "a", layer=twice)
    yield "distributed_twice", classifier([512, 512, 1], square, nested), None, "262,656 steps"
    means = [layer("Normalization", f"n{i}", axis=[1, 2], mean=0.5, variance=1.0) for i in range(9)]
    yield "normalizations", classifier([1024, 2048, 1], *means), None, "6,291,456 means"


def growth_attacks() -> Iterator[Attack]:
    for name, config in UNBUILT.items():
        yield Attack(f"{name}.keras", lambda _, c=config: keras_file(c), ABSENT)  # type: ignore[misc]
    for name in ("prelu", "orthogonal_lstm", "identity", "separable"):
        config = UNBUILT[name]
        yield Attack(f"{name}.h5", lambda _, c=config: h5_file(c), ABSENT)  # type: ignore[misc]
    for name, config, edit, says in (*_values(), *_slow()):
        yield Attack(f"{name}.keras", lambda _, c=config, e=edit: keras_file(c, e), says)  # type: ignore[misc]


GROWTH: tuple[Attack, ...] = tuple(growth_attacks())
