"""Several weight sets of one layer as one product, and inputs that are shared."""

from typing import Any

import numpy as np
import pytest

from mpsearch.model.backend import keras, tf
from mpsearch.model.network import KerasNetwork

pytestmark = pytest.mark.tf

SETS = 3


def network_of(*steps: Any) -> KerasNetwork:
    """A classifier that begins with *steps*."""
    keras.utils.set_random_seed(2)
    ending = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, activation="softmax")]
    return KerasNetwork(keras.Sequential([keras.Input((9, 8, 4)), *steps, *ending]))


def batch(seed: int, images: int, channels: int = 4) -> Any:
    return tf.constant(
        np.random.default_rng(seed).normal(size=(images, 9, 8, channels)).astype(np.float32)
    )


def weight_sets(network: KerasNetwork) -> list[list[Any]]:
    """Several times the first layer's weights, each changed a little."""
    return [[tuple(w * (1 + i / 10) for w in network.trained(0))] for i in range(SETS)]


def close(ours: Any, expected: Any) -> None:
    np.testing.assert_allclose(ours.numpy(), expected.numpy(), rtol=0, atol=1e-5)


CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "same": {"kernel_size": 3, "padding": "same"},
    "valid": {"kernel_size": 3, "activation": "relu"},
    "even": {"kernel_size": (2, 4), "padding": "same"},
    "wide": {"kernel_size": (1, 5), "use_bias": False},
    "pixel": {"kernel_size": 1, "activation": "tanh"},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("images", [1, 3])
def test_weight_sets_on_the_same_images_give_what_single_runs_give(
    name: str, normalized: bool, images: int
) -> None:
    after = [keras.layers.BatchNormalization()] if normalized else []
    network = network_of(keras.layers.Conv2D(5, **CONVOLUTIONS[name]), *after)
    assert network.most_stacked(0, shared=True) >= images
    sets, x = weight_sets(network), batch(0, images)
    (stacked,) = network.run_stacked(0, sets, [x], shared=True)
    close(stacked, network.join([network.run(0, weights, [x])[0] for weights in sets]))


def test_neighbourhoods_are_written_down_only_where_all_weight_sets_share_the_images() -> None:
    network = network_of(keras.layers.Conv2D(5, 3))
    assert network.most_stacked(0, shared=True) > network.most_stacked(0, shared=False) == 0


@pytest.mark.parametrize(
    "settings",
    [{"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"dtype": "mixed_float16"}],
    ids=lambda settings: next(iter(settings)),
)
def test_other_convolutions_run_one_weight_set_at_a_time(settings: Any) -> None:
    network = network_of(keras.layers.Conv2D(6, 3, **settings))
    assert network.most_stacked(0, shared=True) == 0


def test_large_neighbourhoods_are_not_written_down() -> None:
    inputs = keras.Input((200, 200, 8))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 5)(inputs))
    network = KerasNetwork(keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x)))
    assert network.most_stacked(0, shared=True) == 0


@pytest.mark.parametrize("few", [0, 1])
def test_a_part_of_a_concatenation_may_be_given_once_for_all(few: int) -> None:
    inputs = keras.Input((9, 8, 4))
    parts = [keras.layers.Conv2D(6, 1, name=name)(inputs) for name in "ab"]
    x = keras.layers.Conv2D(3, 1, activation="relu")(keras.layers.Concatenate()(parts))
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = KerasNetwork(keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x)))
    assert [network.spreads(stage) for stage in range(4)] == [False, False, True, False]
    weights = [network.trained(2)]
    given = [batch(1, 6, 6), batch(2, 6, 6)]
    given[few] = batch(3, 2, 6)
    repeated = list(given)
    repeated[few] = network.join([given[few]] * 3)
    close(network.run(2, weights, given)[0], network.run(2, weights, repeated)[0])
