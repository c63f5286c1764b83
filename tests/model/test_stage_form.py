"""Stages of one form are traced once, and compute what code of their own would."""

from typing import Any

import numpy as np
import pytest
import zoo

from mpsearch.model import compiled
from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork

pytestmark = pytest.mark.tf


def codes(network: KerasNetwork) -> list[Any]:
    """The code of every stage."""
    return [function._code for function in network._functions]


def repeating() -> Any:
    """Blocks of the same kinds of layers and of different sides, with an addition and a merge."""
    layers = keras.layers
    x = inputs = keras.Input((12, 12, 3))
    for channels in (4, 6, 8):
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.ReLU(6)(layers.BatchNormalization()(x))
        x = layers.DepthwiseConv2D(3, padding="same")(x)
        x = layers.ReLU(6)(layers.BatchNormalization()(x))
        added = layers.Add()([x, layers.Conv2D(channels, 3, padding="same", activation="relu")(x)])
        beside = layers.Conv2D(2 * channels, 1, activation="relu")(added)
        x = layers.MaxPooling2D()(layers.Concatenate()([added, beside])) if channels < 8 else added
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def with_odd_numbers(model: Any) -> Any:
    """Normalizations of one form that are not of the same numbers."""
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    return model


def weight_sets(network: KerasNetwork, layers: tuple[int, ...]) -> list[list[Any]]:
    return [[tuple(w * f for w in network.trained(i)) for i in layers] for f in (1.0, 0.9)]


def run_all(network: KerasNetwork, images: Any) -> list[Any]:
    """What every stage makes, also of stacked weights where it can."""
    values = {0: network.enter(images)}
    made: list[Any] = []
    for stage in network.stages:
        inputs = [values[v] for v in stage.inputs]
        results = network.run(stage.index, [network.trained(i) for i in stage.layers], inputs)
        values.update(zip(stage.outputs, results, strict=True))
        made += results
        for shared in (False, True):
            if network.most_stacked(stage.index, shared):
                sets = weight_sets(network, stage.layers)
                given = inputs if shared else [network.join([x, x]) for x in inputs]
                made += network.run_stacked(stage.index, sets, given, shared)
    return [tensor.numpy() for tensor in made]


@pytest.mark.parametrize("name", ["repeating", "residual", "mobile", "pools"])
def test_shared_code_computes_what_code_of_its_own_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = with_odd_numbers(repeating()) if name == "repeating" else zoo.make(name)
    images = zoo.images_for(model, 2)
    ours = run_all(KerasNetwork(model), images)
    monkeypatch.setattr(compiled, "form_of", lambda *_: None)
    own = KerasNetwork(model)
    assert len(set(codes(own))) == len(own.stages)
    for one, other in zip(ours, run_all(own, images), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_stages_that_differ_in_sides_and_numbers_share_code() -> None:
    network = KerasNetwork(with_odd_numbers(repeating()))
    # Three blocks: a normalized pixel, normalized depthwise, 3×3, an addition, a pixel; the merges
    # are part of the stages that read them, and the last block has another end.
    assert len(network.stages) > 1.5 * len(set(codes(network)))
    names = [stage.name for stage in network.stages]
    depthwise = [i for i, name in enumerate(names) if name.startswith("depthwise")]
    assert len(depthwise) == 3
    assert len({codes(network)[i] for i in depthwise}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"strides": 2}, {}),
        ({"padding": "same"}, {}),
        ({"activation": "relu"}, {"activation": "tanh"}),
        ({"use_bias": False}, {}),
        ({"kernel_size": (3, 2)}, {"kernel_size": (2, 3)}),
    ],
    ids=lambda settings: next(iter(settings), "plain"),
)
def test_stages_that_compute_something_else_share_none(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    convolutions = [
        keras.layers.Conv2D(2, **({"kernel_size": 3} | settings)) for settings in (one, other)
    ]
    ending = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    network = KerasNetwork(keras.Sequential([keras.Input((16, 16, 2)), *convolutions, *ending]))
    first, second = codes(network)[:2]
    assert first is not second


def test_layers_that_differ_outside_the_weight_layer_share_none() -> None:
    layers = keras.layers
    steps = [layers.Conv2D(2, 3), layers.ReLU(6), layers.Conv2D(2, 3), layers.ReLU()]
    ending = [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2, activation="softmax")]
    network = KerasNetwork(keras.Sequential([keras.Input((16, 16, 2)), *steps, *ending]))
    assert len(set(codes(network)[:3])) == 3


def test_a_subclass_runs_its_own_code() -> None:
    class Doubled(keras.layers.Conv2D):  # type: ignore[misc]
        """Computes twice what its parent does."""

        def call(self, inputs: Any) -> Any:
            return 2 * super().call(inputs)

    steps = [keras.layers.Conv2D(2, 3, padding="same"), Doubled(2, 3, padding="same")]
    ending = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((6, 6, 2)), *steps, *ending])
    network = KerasNetwork(model)
    images = zoo.images_for(model, 2)
    (x,) = network.run(0, [network.trained(0)], [network.enter(images)])
    (y,) = network.run(1, [network.trained(1)], [x])
    expected = steps[1](x).numpy().reshape(len(images), -1)  # flattened in the same stage
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-5)
