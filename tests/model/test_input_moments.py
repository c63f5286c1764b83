"""What layers see: moments agree with what the layers put out."""

from typing import Any

import numpy as np
import pytest
import zoo

from mpsearch.memory.moments import InputMoments
from mpsearch.model import input_moments as module
from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork

pytestmark = pytest.mark.tf
layers = keras.layers

LAYERS = {
    "plain": lambda: layers.Conv2D(5, 3),
    "same": lambda: layers.Conv2D(5, (3, 2), padding="same"),
    "strided": lambda: layers.Conv2D(5, 3, strides=2, padding="same"),
    "dilated": lambda: layers.Conv2D(5, 3, dilation_rate=2, padding="same"),
    "grouped": lambda: layers.Conv2D(6, 3, groups=2),
    "depthwise": lambda: layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2),
    "pointwise": lambda: layers.Conv2D(5, 1, use_bias=False),
    "dense": lambda: layers.Dense(5),
}
ROWS = {
    "plain": lambda: layers.Conv1D(5, 3),
    "causal": lambda: layers.Conv1D(5, 3, padding="causal", dilation_rate=2),
    "strided": lambda: layers.Conv1D(4, 2, strides=2, padding="same", groups=2),
    "depthwise": lambda: layers.DepthwiseConv1D(3, padding="same"),
    "dense": lambda: layers.Dense(5),
}


def check(layer: Any, shape: tuple[int, ...], reshape: tuple[int, ...] | None = None) -> None:
    """Σ x·w of the moments against the outputs of the layer."""
    keras.utils.set_random_seed(1)
    image = keras.Input(shape)
    x = layers.Reshape(reshape)(image) if reshape else image
    y = layer(x)
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(y)))
    inputs = np.random.default_rng(0).normal(0.3, 1, (4, *shape)).astype(np.float32)
    moments = KerasNetwork(model, from_logits=True).input_moments(inputs)[0]
    outputs = np.asarray(keras.Model(image, y)(inputs), dtype=np.float64)
    kernel, *bias = [np.asarray(v) for v in layer.weights]
    outputs = outputs.reshape(-1, outputs.shape[-1]) - (bias[0] if bias else 0)
    columns = moments.columns(kernel)
    mean = np.einsum("bi,bio->bo", moments.mean, columns).reshape(-1)
    second = np.einsum("bio,bij,bjo->bo", columns, moments.raw, columns).reshape(-1)
    np.testing.assert_allclose(mean, outputs.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(second, np.square(outputs).mean(axis=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_moments_give_mean_and_power_of_every_output(name: str) -> None:
    check(LAYERS[name](), (9, 8, 4))


@pytest.mark.parametrize("name", ROWS)
def test_moments_of_sequences(name: str) -> None:
    check(ROWS[name](), (6, 5, 4), (30, 4))


def test_only_some_patches_of_large_pictures_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    keras.utils.set_random_seed(1)
    image = keras.Input((40, 40, 3))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Conv2D(4, 3)(image))))
    inputs = np.random.default_rng(0).normal(0.3, 1, (3, 40, 40, 3)).astype(np.float32)
    network = KerasNetwork(model, from_logits=True)
    whole = network.input_moments(inputs)[0]
    monkeypatch.setattr(module, "_FEWEST_PATCHES", 1200)
    some = network.input_moments(inputs)[0]
    assert not np.array_equal(some.raw, whole.raw)
    np.testing.assert_allclose(some.raw, whole.raw, atol=0.2)


def test_a_layer_used_twice_is_seen_twice() -> None:
    keras.utils.set_random_seed(1)
    shared = layers.Dense(3, use_bias=False)
    image = keras.Input((2, 2, 3))
    y = shared(shared(image))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(y)))
    inputs = np.random.default_rng(0).normal(0, 1, (2, 2, 2, 3)).astype(np.float32)
    moments = KerasNetwork(model, from_logits=True).input_moments(inputs)[0]
    seen = np.concatenate([inputs, np.asarray(shared(inputs))]).reshape(-1, 3)
    np.testing.assert_allclose(moments.mean[0], seen.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(moments.raw[0], seen.T @ seen / len(seen), atol=1e-5)


def test_images_that_disagree_are_believed_less() -> None:
    image = keras.Input((1, 1, 50))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Dense(3)(image))))
    network = KerasNetwork(model, from_logits=True)
    rng = np.random.default_rng(0)
    alone = rng.normal(0, 1, (6, 1, 1, 50)).astype(np.float32)
    alike = np.repeat(alone[:1], 6, axis=0)
    assert float(network.input_moments(alone)[0].trust[0]) < 0.2
    assert float(network.input_moments(alike)[0].trust[0]) > 0.99


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", zoo.ZOO)
def test_any_network_is_seen_but_for_what_cannot_be(name: str) -> None:
    model, network = zoo.network(name)
    found = network.input_moments(zoo.images_for(model, 2))
    kinds = {"Conv1D", "Conv2D", "Dense", "DepthwiseConv1D", "DepthwiseConv2D"}
    plain = {layer.index for layer in network.layers if layer.kind in kinds}
    assert set(found) <= plain
    if name != "composite":  # whose layers are inside wrappers
        assert set(found) == plain
    for index, moments in found.items():
        kernel = network.weights(index)[0]
        assert moments.mean.size * moments.columns(kernel).shape[2] == kernel.size
        assert np.isfinite(moments.raw).all()


def small_network() -> KerasNetwork:
    """A convolution, one with groups, a layer that is used twice, and one without moments."""
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 3))
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    x = shared(layers.Conv2D(4, 1, groups=1)(image))
    x = layers.Conv2DTranspose(4, 2)(layers.Conv2D(4, 3, groups=2)(shared(x)))
    return KerasNetwork(keras.Model(image, layers.Dense(2)(layers.Flatten()(x))), from_logits=True)


def test_stopped_and_gone_on_with_they_are_the_same_to_the_bit() -> None:
    network = small_network()
    inputs = np.random.default_rng(0).normal(0, 1, (5, 8, 8, 3)).astype(np.float32)
    whole = network.input_moments(inputs)
    part = network.moment_sums(5, range(9))
    for i in range(2):
        part.add(network.enter(inputs[i : i + 1]))
    kept = {
        layer: (done, {name: array.copy() for name, array in arrays.items()})
        for layer, (done, arrays) in part.state().items()
    }
    for groups in ([range(9)], [range(2), range(2, 9)]):  # however layers go together
        found: dict[int, InputMoments] = {}
        for group in groups:
            rest = network.moment_sums(5, group)
            for layer in set(group) & set(kept) - {1}:  # one of them is lost
                done, arrays = kept[layer]
                assert rest.restore(layer, done, {k: v.copy() for k, v in arrays.items()})
            for i in range(rest.done, 5):
                rest.add(network.enter(inputs[i : i + 1]))
            assert rest.done == 5
            found |= dict(rest.moments())
        assert set(found) == set(whole) == set(network.moment_shapes)
        for index, one in found.items():
            assert network.moment_shapes[index] == one.mean.shape
            for name in ("raw", "mean", "trust"):
                np.testing.assert_array_equal(getattr(one, name), getattr(whole[index], name))


@pytest.mark.parametrize(
    "wrong", ["nan", "huge", "negative", "cauchy", "mean", "shape", "missing", "none", "many"]
)
def test_sums_that_no_images_have_are_not_taken(wrong: str) -> None:
    network = small_network()
    sums = network.moment_sums(4, [1])
    sums.add(network.enter(np.random.default_rng(0).normal(0, 1, (1, 8, 8, 3)).astype("float32")))
    done, mine = sums.state()[1]
    state = {name: one.copy() for name, one in mine.items()}
    match wrong:
        case "nan":
            state["squares"][0] = np.nan
        case "huge":
            state["second"][0, 0, 0] = 1e35
        case "negative":
            state["second"][0, 3, 3] = -1
        case "cauchy":
            state["second"][0, 0, 1] = 100
        case "mean":
            state["mean"][0, 0] = 100
        case "shape":
            state["mean"] = state["mean"][:, :-1]
        case "missing":
            del state["mean"]
        case "none":
            done = 0
        case _:
            done = 5
    fresh = network.moment_sums(4, [1])
    assert not fresh.restore(1, done, state)
    assert fresh.done == 0
    assert all((one == 0).all() for one in fresh.state()[1][1].values())
    assert network.moment_sums(4, [1]).restore(1, *sums.state()[1])
