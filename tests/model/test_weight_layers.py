"""Where the output channels of a kernel are."""

from typing import Any

import numpy as np
import pytest

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
            assert channels == outputs.shape[-1]


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
