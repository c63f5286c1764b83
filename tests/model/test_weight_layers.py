"""Where the output channels of a kernel are."""

from typing import Any

import numpy as np
import pytest
import zoo

from mpsearch.model.backend import keras
from mpsearch.model.weight_layers import weight_layers
from mpsearch.schemes import parse_scheme

pytestmark = pytest.mark.tf

LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "Conv1D": (lambda: keras.layers.Conv1D(5, 3), (9, 4)),
    "Conv2D": (lambda: keras.layers.Conv2D(5, 3), (9, 9, 4)),
    "Conv2D, grouped": (lambda: keras.layers.Conv2D(6, 3, groups=2), (9, 9, 4)),
    "Conv3D": (lambda: keras.layers.Conv3D(5, 2), (4, 4, 4, 3)),
    "Conv1DTranspose": (lambda: keras.layers.Conv1DTranspose(5, 3, strides=2), (9, 4)),
    "Conv2DTranspose": (lambda: keras.layers.Conv2DTranspose(5, 3, strides=2), (5, 5, 4)),
    "Conv3DTranspose": (lambda: keras.layers.Conv3DTranspose(5, 2), (3, 3, 3, 4)),
    "DepthwiseConv1D": (lambda: keras.layers.DepthwiseConv1D(3, depth_multiplier=2), (9, 4)),
    "DepthwiseConv2D": (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 4)),
    "SeparableConv1D": (lambda: keras.layers.SeparableConv1D(5, 3, depth_multiplier=2), (9, 4)),
    "SeparableConv2D": (lambda: keras.layers.SeparableConv2D(5, 3), (9, 9, 4)),
    "Dense": (lambda: keras.layers.Dense(5), (7,)),
    "EinsumDense": (lambda: keras.layers.EinsumDense("abc,cd->abd", (9, 5)), (9, 4)),
    "EinsumDense, heads": (lambda: keras.layers.EinsumDense("abc,cde->abde", (9, 2, 3)), (9, 4)),
    "EinsumDense, places": (lambda: keras.layers.EinsumDense("abc,bcd->abd", (3, 5)), (3, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_scale_belongs_to_an_output_channel(name: str) -> None:
    """With weights of ±1 in one channel and ±1000 in another, no channel hurts another.

    The layer's own outputs tell the channels: int2c holds such weights exactly if, and only if,
    every scale is that of one output channel.
    """
    make, shape = LAYERS[name]
    layer = make()
    inputs = keras.Input(shape)
    outputs = layer(inputs)
    model = keras.Model(inputs, outputs)
    (live,) = weight_layers(model)
    rng = np.random.default_rng(0)
    for tensor, array in zip(live.layer.tensors, live.weights(), strict=True):
        if array.ndim < 2:
            continue
        kept = [
            n if i - array.ndim in tensor.channel_axes else 1 for i, n in enumerate(array.shape)
        ]
        factors = 10.0 ** rng.integers(0, 4, kept)
        signs = rng.choice([-1.0, 1.0], array.shape)
        weights = (signs * factors).astype(np.float32)
        bound = parse_scheme("int2c").along(tensor.channel_axes)
        np.testing.assert_array_equal(bound.apply(weights), weights)
        # Output channels of the kernel are those that the layer computes from it.
        channels = int(np.prod(kept))
        if tensor.name == "depthwise_kernel":
            assert channels == shape[-1] * layer.depth_multiplier
        else:
            assert channels == _output_channels(name, outputs)


def _output_channels(name: str, outputs: Any) -> int:
    """Of which a kernel makes each from weights of its own."""
    axes = {"EinsumDense, heads": 2, "EinsumDense, places": 2}.get(name, 1)
    return int(np.prod(outputs.shape[-axes:]))


@pytest.mark.parametrize("name", [n for n in LAYERS if not n.startswith("Separable")])
def test_the_axes_are_those_of_the_layers_outputs(name: str) -> None:
    """Clearing what belongs to one channel by the axes clears that output and no other."""
    make, shape = LAYERS[name]
    layer = make()
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    (live,) = weight_layers(model)
    (tensor, *_), (kernel, *_) = live.layer.tensors, live.weights()
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    axes = [axis % kernel.ndim for axis in tensor.channel_axes]
    moved = np.moveaxis(kernel.copy(), axes, range(len(axes)))
    sides = moved.shape[: len(axes)]
    for channel in range(int(np.prod(sides))):
        cleared = moved.copy()
        cleared[np.unravel_index(channel, sides)] = 0
        restored = np.moveaxis(cleared, range(len(axes)), axes)
        layer.kernel.assign(restored)
        found = np.abs(np.asarray(model(x))).reshape(-1, int(np.prod(sides))).max(axis=0)
        assert found[channel] == 0
        assert (np.delete(found, channel) > 0).all()
        layer.kernel.assign(np.moveaxis(moved, range(len(axes)), axes))


def test_recurrent_layers_attention_and_embeddings_are_weight_layers() -> None:
    """Under the names a user gave."""
    found = {
        one.layer.name: (one.layer.kind, [tensor.name for tensor in one.layer.tensors])
        for name in ("rows", "cells", "tokens")
        for one in weight_layers(zoo.make(name))
    }
    recurrent = ["kernel", "recurrent_kernel", "bias"]
    assert found["simple rnn"] == ("SimpleRNN", recurrent)
    assert [kind for name, (kind, _) in found.items() if name.startswith("both/forward")] == [
        "LSTM"
    ] * 2
    assert found["first/cell"] == ("LSTMCell", recurrent)
    assert found["over"] == ("ConvLSTM2D", recurrent)
    (stacked,) = [name for name in found if name.startswith("stack/") and name.endswith("/low")]
    assert found[stacked] == ("GRUCell", recurrent)
    assert found["table"] == ("Embedding", ["embeddings"])
    heads = [one.layer.name for one in weight_layers(zoo.make("attention"))]
    parts = ("query", "key", "value", "attention_output")
    assert [name for name in heads if "/" in name] == [
        f"{layer}/{part}" for layer in ("heads", "groups") for part in parts
    ]


def test_a_bias_of_several_axes_has_no_channels() -> None:
    """So that it is stored as halves, as other biases are."""
    (gru,) = [k for k in weight_layers(zoo.make("rows")) if k.layer.name == "twofold"]
    bias = gru.layer.tensors[2]
    assert (len(bias.shape), bias.channel_axes) == (2, ())
    weights = gru.weights()[2]
    for name in ("int2c", "dfix4", "km2", "e2m1", "prun50_int4c"):
        scheme = parse_scheme(name).along(bias.channel_axes)
        assert scheme.stored_nbytes(weights) == 2 * weights.size
        np.testing.assert_array_equal(scheme.apply(weights), weights.astype(np.float16))
