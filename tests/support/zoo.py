"""Small Keras classifiers with every kind of layer and wiring that the tool promises to take.

Weights are random but fixed; biases and BatchNormalization statistics are not left at zero.
"""

import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork
from mpsearch.workbench.loading import load
from mpsearch.workbench.workbench import Workbench

layers = keras.layers
_FOLDER = tempfile.TemporaryDirectory(prefix="zoo-")


def vgg() -> Any:
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(6, 3, activation="relu", padding="same"),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ],
        name="vgg",
    )


def mobile() -> Any:
    """BatchNormalization, depthwise and separable convolutions, no biases, gray, logits."""
    x = image = keras.Input((12, 12, 1))
    x = layers.Conv2D(4, 3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, use_bias=False, depth_multiplier=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(6, 2, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(2)(x), name="mobile")


def residual() -> Any:
    """Branches, merges by addition, concatenation and multiplication, a value read three times."""
    x = image = keras.Input((10, 10, 3))
    x = stem = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(x)
    y = layers.Conv2D(4, 3, padding="same", name="a")(x)
    y = layers.BatchNormalization()(y)
    x = layers.Add()([x, y])
    x = layers.ReLU()(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.Concatenate()([x, stem, layers.MaxPooling2D(3, 1, padding="same")(stem)])
    x = layers.Conv2D(5, 3, dilation_rate=2, name="dilated")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(
        image, layers.Dense(3, activation="softmax", name="head")(x), name="residual"
    )


def nested() -> Any:
    """A nested model used once, one used twice, and layers used twice."""
    small = keras.Input((6, 6, 4))
    block = keras.Model(
        small, layers.Conv2D(4, 3, padding="same", name="inner")(small), name="block"
    )
    tail = keras.Sequential(
        [keras.Input((6, 6, 4)), layers.Conv2D(4, 2, name="inner"), layers.ReLU()], name="tail"
    )
    shared = layers.Conv2D(4, 1, activation="tanh", name="shared")
    x = image = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(x)
    x = shared(block(shared(x)))
    x = layers.Add()([block(x), x])
    x = layers.GlobalAveragePooling2D()(tail(x))
    return keras.Model(image, layers.Dense(4, activation="softmax", name="dense")(x), name="nested")


def composite() -> Any:
    """Weight layers inside a wrapper, and inside a nested model of two inputs."""
    one, two = keras.Input((8,)), keras.Input((8,))
    joint = keras.Model(
        [one, two],
        layers.Add()([layers.Dense(6, name="p")(one), layers.Dense(6, name="q")(two)]),
        name="joint",
    )
    x = image = keras.Input((8, 8, 3))
    x = layers.TimeDistributed(layers.Conv1D(4, 3, activation="relu", name="row"))(x)
    x = layers.Flatten()(x)
    left, right = layers.Dense(8, name="left")(x), layers.Dense(8, name="right")(x)
    x = layers.ReLU()(joint([left, right]))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="composite")


def upward() -> Any:
    """Transposed convolutions, a convolution as head, softmax as a layer of its own."""
    x = image = keras.Input((5, 5, 3))
    x = layers.Rescaling(0.5)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, activation="relu")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(7, 1, use_bias=False)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Softmax()(x), name="upward")


def binary() -> Any:
    """One sigmoid output, odd layer names."""
    x = image = keras.Input((6, 6, 1))
    x = layers.Conv2D(3, 3, name="a.b c")(x)
    x = keras.ops.relu(x) * 0.5
    x = layers.Flatten(name="flätten")(x)
    return keras.Model(image, layers.Dense(1, activation="sigmoid", name="CON")(x), name="odd name")


def thousand() -> Any:
    x = image = keras.Input((4, 4, 3))
    x = layers.Flatten()(layers.Conv2D(3, 3)(x))
    return keras.Model(image, layers.Dense(1000, activation="softmax")(x), name="thousand")


def mixed() -> Any:
    """Computes in bfloat16, keeps float32 weights."""
    x = image = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, activation="relu", dtype="mixed_bfloat16")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(3, activation="softmax", dtype="float32")(x)
    return keras.Model(image, x, name="mixed")


def augmented() -> Any:
    """Layers that do something only while training, and a model that ends in logits."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip(seed=1),
            layers.RandomContrast(0.4, seed=2),
            layers.GaussianNoise(0.5, seed=3),
            layers.Conv2D(4, 3, activation="relu"),
            layers.AlphaDropout(0.5, seed=4),
            layers.Flatten(),
            layers.Dense(3),
        ],
        name="augmented",
    )


def every_kind() -> Any:
    """Every kind of weight layer, most with a normalization behind it that can be folded."""

    def normal(x: Any, **settings: Any) -> Any:
        return layers.BatchNormalization(**settings)(x)

    x = image = keras.Input((8, 8, 3))
    x = normal(layers.Conv2D(4, 1, use_bias=False, name="pixel")(x))
    x = layers.ReLU(6.0)(normal(layers.DepthwiseConv2D(3, depth_multiplier=2)(x), scale=False))
    x = normal(layers.Conv2D(6, 2, groups=2, padding="same", name="grouped")(x), center=False)
    x = normal(layers.Conv2DTranspose(4, 2, strides=2, use_bias=False)(x), epsilon=0.1)
    x = normal(layers.Conv2D(4, 3, activation="relu", strides=2)(x))  # not to be folded
    x = layers.Reshape((5, 5, 4, 1))(x)
    x = normal(layers.Conv3D(3, 2, name="cube")(x))
    x = layers.Conv3DTranspose(2, 2, name="uncube")(x)
    x = layers.Reshape((25, 8))(x)
    x = normal(layers.Conv1D(6, 3, padding="causal", name="row")(x))
    x = normal(layers.DepthwiseConv1D(3, use_bias=False)(x))
    x = normal(layers.SeparableConv1D(5, 2)(x))
    x = layers.Conv1D(5, 1, activation="softmax", name="mix")(x)
    x = normal(layers.Conv1DTranspose(4, 2, strides=2)(x))
    x = normal(layers.Dense(6, name="rows")(x))
    x = normal(layers.Dense(6)(layers.Flatten()(x)))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="every_kind")


def pools() -> Any:
    """Concatenations with pooling behind them, and normalizations that cannot be folded."""
    x = image = keras.Input((9, 9, 3))
    stem = layers.Conv2D(3, 3, padding="same", name="stem")(x)
    first = layers.BatchNormalization(axis=1)(stem)
    both = layers.Concatenate()([first, stem, first])
    x = layers.MaxPooling2D(3, 2, padding="same")(both)
    x = layers.Conv2D(4, 1, activation="relu", name="squeeze")(x)
    y = layers.Conv2D(4, 3, padding="same", name="a")(x)
    x = layers.Conv2D(3, 1, use_bias=False, name="bare")(layers.Concatenate()([x, y]))
    y = layers.Conv2D(4, 3, padding="same", name="b")(x)
    y = layers.Conv2D(3, 1, name="normal")(layers.Concatenate()([x, y, x]))
    y = layers.ReLU()(layers.BatchNormalization()(y))
    x = layers.AveragePooling2D(2)(layers.Concatenate()([x, y]))
    z = layers.Conv2D(6, 1, name="apart")(x)
    x = layers.MaxPooling2D(2, 1)(layers.Concatenate(axis=1)([x, z]))
    x = layers.BatchNormalization()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(4, activation="softmax")(x), name="pools")


def half() -> Any:
    """Computes in float16, keeps float32 weights."""
    x = image = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 1, use_bias=False, dtype="mixed_float16")(x)
    x = layers.BatchNormalization(dtype="mixed_float16")(x)
    x = layers.ReLU(dtype="mixed_float16")(x)
    y = layers.Conv2D(4, 3, padding="same", dtype="mixed_float16")(x)
    z = layers.Concatenate(dtype="mixed_float16")([x, layers.Conv2D(4, 1, dtype="float32")(x)])
    x = layers.Conv2D(2, 1, dtype="float32", name="narrow")(layers.Concatenate()([x, y, z]))
    x = layers.Flatten()(x)
    x = layers.Dense(4, activation="relu", dtype="mixed_float16")(x)
    return keras.Model(
        image, layers.Dense(3, activation="softmax", dtype="float32")(x), name="half"
    )


def rows() -> Any:
    """A gray image without a channel axis, read row by row: every recurrent layer, both ways."""
    x = image = keras.Input((6, 5))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(x)
    y = layers.GRU(4, return_sequences=True, name="twofold")(y)
    y = layers.GRU(3, return_sequences=True, reset_after=False, use_bias=False)(y)
    y = layers.SimpleRNN(3, name="simple rnn")(y)
    x = layers.Conv1D(3, 3, name="along")(x)
    x = layers.TimeDistributed(layers.Dense(4, activation="relu"), name="each")(x)
    x, last, _ = layers.LSTM(4, return_state=True, unroll=True, name="states")(x)
    x = layers.Concatenate()([x, last, y])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="rows")


def cells() -> Any:
    """Cells in RNN layers, also stacked; convolutional recurrence; a normalized kernel."""
    x = image = keras.Input((6, 6, 3))
    x = layers.SpectralNormalization(layers.Conv2D(4, 3, padding="same", name="conv"))(x)
    y = layers.Reshape((3, 2, 6, 4))(x)
    y = layers.ConvLSTM2D(2, 2, name="over")(y)
    x = layers.Reshape((36, 4))(x)
    cell = layers.LSTMCell(4, name="cell")
    x = layers.RNN(cell, go_backwards=True, return_sequences=True, name="first")(x)
    stack = [layers.GRUCell(3, name="low"), layers.SimpleRNNCell(4, name="high")]
    x = layers.RNN(stack, name="stack")(x)
    x = layers.Concatenate()([x, layers.Flatten()(y)])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="cells")


def attention() -> Any:
    """A small vision transformer, with every layer that attends, and einsum layers."""
    x = image = keras.Input((8, 8, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 2, strides=2, name="patches")(x))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3, value_dim=4, name="heads")(y, y)])
    x = layers.Add()([x, layers.GroupQueryAttention(3, 4, 2, name="groups")(x, x)])
    y = layers.EinsumDense("abc,cde->abde", (16, 2, 5), bias_axes="de", name="split")(x)
    y = layers.EinsumDense("abde,edf->abf", (16, 8), activation="gelu", name="joined")(y)
    y = layers.EinsumDense("abc,bcd->abd", (16, 4), bias_axes="d", name="places")(y)
    x = layers.Attention(use_scale=True)([x, x])
    x = layers.AdditiveAttention()([x, x])
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.Flatten()(y)])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="attention")


def masked() -> Any:
    """Masks that cross stages, nested models and merges, and end at attention."""
    inner = keras.Input((5, 4))
    block = keras.Model(
        inner, layers.GRU(4, return_sequences=True, name="gru")(inner), name="block"
    )
    x = image = keras.Input((5, 6, 1))
    x = layers.Reshape((5, 6))(x)
    x = layers.Masking()(x)
    x = layers.Dense(4, name="wide")(x)
    with warnings.catch_warnings():  # Keras says that the mask ends here; it does not
        warnings.simplefilter("ignore")
        x = block(layers.BatchNormalization()(x))
    y = layers.MultiHeadAttention(2, 2, name="heads")(x, x)
    x = layers.Add()([layers.LSTM(4, return_sequences=True)(x), y])
    z = layers.Concatenate()([x, layers.Dense(3, name="beside")(y)])
    x = layers.GlobalAveragePooling1D()(z)
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="masked")


def tokens() -> Any:
    """Pixels as indices of embeddings, one of them with a mask."""
    x = image = keras.Input((4, 5), dtype="int32")
    y = layers.Embedding(256, 3, name="table")(x)
    y = layers.Conv2D(4, 2, name="conv")(y)
    x = layers.Embedding(256, 4, mask_zero=True, name="words")(layers.Reshape((20,))(x))
    x = layers.Bidirectional(layers.LSTM(3), name="both")(x)
    x = layers.Concatenate()([x, layers.Flatten()(y)])
    return keras.Model(image, layers.Dense(3, activation="softmax")(x), name="tokens")


ZOO: Final[dict[str, Callable[[], Any]]] = {
    build.__name__: build
    for build in (
        vgg,
        mobile,
        residual,
        nested,
        composite,
        upward,
        binary,
        thousand,
        mixed,
        augmented,
        every_kind,
        pools,
        half,
    )
}
#: Networks of sequences; they take long to compile.
SEQUENCES: Final[dict[str, Callable[[], Any]]] = {
    build.__name__: build for build in (rows, cells, attention, masked, tokens)
}


def make(name: str, seed: int = 0) -> Any:
    """One of the zoo with weights that leave nothing at its default."""
    keras.utils.set_random_seed(seed)
    model = (ZOO | SEQUENCES)[name]()
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        value = np.array(variable.numpy(), dtype=np.float32)
        if variable.path.endswith(("bias", "beta", "moving_mean")):
            value += rng.normal(0, 0.2, value.shape).astype(np.float32)
        if variable.path.endswith(("gamma", "moving_variance")):
            value *= rng.uniform(0.5, 1.5, value.shape).astype(np.float32)
        variable.assign(value)
    return model


@cache
def network(name: str) -> tuple[Any, KerasNetwork]:
    """One of the zoo and its network, compiled once in a process; neither may be changed."""
    model = make(name)
    return model, KerasNetwork(model)


def saved(name: str, suffix: str = ".keras", count: int = 3) -> tuple[Any, Workbench]:
    """A model of the zoo, and what is loaded of its file with random pictures, loaded once."""
    return _saved(name, suffix, count)


@cache
def _saved(name: str, suffix: str, count: int) -> tuple[Any, Workbench]:
    model = make(name)
    folder = Path(_FOLDER.name) / f"{name}{suffix}{count}"
    folder.mkdir()
    path = folder / f"model{suffix}"
    model.save(path)
    shape = (count, *model.input_shape[1:])
    x = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    np.savez(folder / "x.npz", x=x)
    return model, load(str(path), folder / "x.npz", preprocess="unit")


def images_for(model: Any, count: int, seed: int = 1) -> Any:
    """Random inputs, shape (count, h, w, c), float32."""
    rng = np.random.default_rng(seed)
    shape = (count, *model.input_shape[1:])
    if model.name == "tokens":
        return rng.integers(0, 3, shape).astype(np.float32)
    images = rng.normal(0, 1, shape).astype(np.float32)
    if model.name == "masked":  # rows of nothing are masked
        images[:, 3:] = 0
        images[0, 1] = 0
    return images
