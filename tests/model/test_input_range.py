"""Notes on inputs that a network does not expect, and silence on those it does."""

from typing import Any

import numpy as np
import pytest

from mpsearch.model.backend import keras
from mpsearch.model.input_range import Given, range_notes
from mpsearch.model.network import KerasNetwork
from mpsearch.model.preprocess import parse_preprocess
from mpsearch.values.arrays import Float32Array

pytestmark = pytest.mark.tf
layers = keras.layers

SIDE = 6
PIXELS = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3)).astype(np.float32)
UNIT = PIXELS / np.float32(255)


def notes(network: KerasNetwork, preprocess: str, pixels: Float32Array = PIXELS) -> list[str]:
    chosen = parse_preprocess(preprocess)
    answers = network.plain_probabilities(chosen(pixels))
    return range_notes(network, Given(pixels, chosen, pixels.shape[1:], answers))


def beginning(*first: Any) -> KerasNetwork:
    """A network that begins with these layers, or functions."""
    keras.utils.set_random_seed(0)
    x = image = keras.Input((SIDE, SIDE, 3))
    for step in first:
        x = step(x)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))
    return KerasNetwork(keras.Model(image, layers.Dense(3, activation="softmax")(x)))


def nested(x: Any) -> Any:
    inner = keras.Sequential([keras.Input((SIDE, SIDE, 3)), layers.Rescaling(1 / 127.5, -1)])
    return inner(layers.RandomFlip()(x))


def normalization(mean: float, variance: float) -> Any:
    return layers.Normalization(mean=[mean] * 3, variance=[variance] * 3)


FOR_PIXELS = {
    "rescaling": (layers.Rescaling(1 / 255),),
    "nested": (nested,),
    "normalization": (normalization(120.0, 70.0**2),),
    "both": (layers.Rescaling(1 / 255), normalization(0.45, 0.07)),
    "functions": (lambda x: x / 127.5, lambda x: x - 1.0),
}


@pytest.mark.parametrize("name", FOR_PIXELS)
def test_pixels_scaled_twice_are_noted_and_raw_ones_are_not(name: str) -> None:
    network = beginning(*FOR_PIXELS[name])
    assert notes(network, "raw") == notes(network, "1,0") == notes(network, "-1,255") == []
    for preprocess in ("unit", "tf", "torch", "caffe"):
        found = notes(network, preprocess)
        assert len(found) == 1, preprocess
        assert found[0].startswith("pixels are scaled twice")
        assert "`preprocess` = raw fits" in found[0]


@pytest.mark.parametrize(
    "first", [(layers.Rescaling(2.0, -1.0),), (normalization(0.5, 0.08),)], ids=["twice", "normal"]
)
def test_a_network_that_scales_numbers_0_to_1_is_given_them(first: Any) -> None:
    network = beginning(*first)
    assert notes(network, "unit") == []
    (found,) = notes(network, "raw")
    assert "`preprocess` = unit" in found
    assert notes(network, "raw", UNIT) == []


def test_a_normalization_may_be_fitted_to_what_preprocessing_makes() -> None:
    assert notes(beginning(normalization(0.0, 70.0**2)), "caffe") == []


def test_numbers_0_to_1_are_not_divided_once_more() -> None:
    network = beginning()
    for preprocess, remedy in (("unit", "raw"), ("tf", "2,-1"), ("torch", "0..255")):
        (found,) = notes(network, preprocess, UNIT)
        assert "the images hold numbers 0..1" in found
        assert remedy in found
    (found,) = notes(beginning(layers.Rescaling(1 / 255)), "raw", UNIT)
    assert "`preprocess` = 255,0 fits" in found


def matching(scale: float, sharpness: float) -> KerasNetwork:
    """Tells the eight images apart, if they come times *scale*."""
    image = keras.Input((SIDE, SIDE, 3))
    dense = layers.Dense(8, activation="softmax")
    model = keras.Model(image, dense(layers.Flatten()(image)))
    centred = (PIXELS - PIXELS.mean(axis=0)).reshape(8, -1)
    kernel = (centred / np.square(centred).sum(axis=1, keepdims=True)).T
    offset = -kernel.T @ PIXELS.mean(axis=0).reshape(-1)
    dense.set_weights([sharpness * kernel / scale, sharpness * offset])
    return KerasNetwork(model)


def test_answers_that_come_to_life_at_another_scale_are_noted() -> None:
    pixels, unit = matching(1.0, 4.0), matching(1 / 255, 4.0)
    assert notes(pixels, "raw") == notes(unit, "unit") == notes(unit, "raw", UNIT) == []
    (found,) = notes(pixels, "unit")
    assert "are nearly the same; `preprocess` = raw" in found
    (found,) = notes(pixels, "raw", UNIT)
    assert "`preprocess` = 255,0 may be" in found
    (found,) = notes(unit, "raw")
    assert "as for inputs that are far too large; `preprocess` = unit or tf may be" in found


def test_a_network_that_does_not_mind_the_scale_is_left_alone() -> None:
    keras.utils.set_random_seed(0)
    x = image = keras.Input((SIDE, SIDE, 3))
    x = layers.LayerNormalization()(layers.Flatten()(x))
    network = KerasNetwork(keras.Model(image, layers.Dense(8, activation="softmax")(9.0 * x)))
    assert (
        notes(network, "raw") == notes(network, "unit") == notes(network, "raw", PIXELS[:1]) == []
    )
