"""A model that computes nothing sound is refused, and the engine is held against Keras' layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork
from mpsearch.values.errors import ModelError
from mpsearch.workbench.agreement import require_agreement
from mpsearch.workbench.loading import load

pytestmark = pytest.mark.tf
layers = keras.layers


def normalized(layer: Any) -> Any:
    """A normalization between a convolution and a ReLU, which one kernel computes."""
    keras.utils.set_random_seed(2)
    image = keras.Input((6, 6, 3))
    x = layer(layers.Conv2D(4, 3, name="conv")(image))
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="dense")(x), name="net")


def pictures(folder: Path, high: int = 256) -> Path:
    x = np.random.default_rng(0).integers(0, high, (3, 6, 6, 3), dtype=np.uint8)
    np.savez(folder / "x.npz", x=x)
    return folder / "x.npz"


def opened(model: Any, folder: Path, preprocess: str = "unit") -> Any:
    model.save(folder / "net.keras")
    return load(str(folder / "net.keras"), pictures(folder), preprocess=preprocess)


@pytest.mark.parametrize(
    ("variance", "epsilon"), [(-0.5, 1e-3), (0.0, 0.0), (-1e-3, 1e-3), (-5e-4, 1e-3)]
)
def test_a_variance_without_a_root_is_refused(
    tmp_path: Path, variance: float, epsilon: float
) -> None:
    model = normalized(layers.BatchNormalization(epsilon=epsilon, name="bn"))
    values = np.ones(4, np.float32)
    values[2] = variance
    model.get_layer("bn").moving_variance.assign(values)
    with pytest.raises(ModelError) as caught:
        opened(model, tmp_path)
    assert f"layer 'bn': the variance of channel 2 is {variance:g}" in str(caught.value)


@pytest.mark.parametrize(("variance", "refused"), [(-1.0, True), (0.0, False)])
def test_normalization_layers_bear_a_variance_of_0(
    tmp_path: Path, variance: float, refused: bool
) -> None:
    layer = layers.Normalization(name="norm")
    model = normalized(layer)
    layer.load_own_variables({"0": np.zeros(4), "1": np.full(4, variance), "2": np.array(1)})
    if not refused:
        opened(model, tmp_path)
        return
    with pytest.raises(ModelError, match="layer 'norm': the variance of channel 0 is -1"):
        opened(model, tmp_path)


@pytest.mark.parametrize(
    ("layer", "attribute"),
    [
        (layers.BatchNormalization, "beta"),
        (layers.LayerNormalization, "gamma"),
        (lambda **name: layers.GroupNormalization(2, **name), "gamma"),
        (layers.PReLU, "alpha"),
    ],
)
def test_parameters_that_are_not_finite_are_refused(
    tmp_path: Path, layer: Any, attribute: str
) -> None:
    model = normalized(layer(name="odd"))
    variable = getattr(model.get_layer("odd"), attribute)
    values = np.ones(variable.shape, np.float32)
    values.flat[1] = np.inf
    variable.assign(values)
    with pytest.raises(ModelError, match=rf"parameter 'odd/{attribute}' holds 1 NaN or infinite"):
        opened(model, tmp_path)


def test_nan_behind_a_fused_relu_is_found_with_the_layer_where_it_begins(tmp_path: Path) -> None:
    # Every weight is finite, and the sum is ∞ − ∞; the kernel that also computes the ReLU says 0.
    model = normalized(layers.Identity(name="nothing"))
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[..., 1::2, :], kernel[..., ::2, :] = 3e38, -3e38
    model.get_layer("conv").set_weights([kernel, bias])
    with pytest.raises(ModelError, match="layer 'conv' is the first whose output is not finite"):
        opened(model, tmp_path)


def test_infinities_that_a_function_makes_and_a_later_one_takes_are_no_fault(
    tmp_path: Path,
) -> None:
    image = keras.Input((6, 6, 3))
    x = keras.ops.log(keras.ops.relu(image - 0.5))  # −∞ in the dark
    x = layers.Flatten()(keras.ops.exp(x))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x), name="net")
    assert opened(model, tmp_path).notes == []


def test_an_engine_that_says_something_else_than_keras_is_our_fault() -> None:
    network = KerasNetwork(normalized(layers.BatchNormalization()))
    x = np.random.default_rng(1).random((2, 6, 6, 3), dtype=np.float32)
    right = network.plain_probabilities(x)
    require_agreement(network, x, right + np.float32(1e-5), ["a", "b"])
    wrong = right + np.array([0.1, -0.1, 0], np.float32)
    with pytest.raises(RuntimeError, match=r"for image '[ab]' mpsearch's engine gives class"):
        require_agreement(network, x, wrong, ["a", "b"])


def test_rounding_that_a_network_magnifies_is_not_our_fault() -> None:
    model = normalized(layers.BatchNormalization())
    kernel, bias = model.get_layer("dense").get_weights()
    model.get_layer("dense").set_weights([3e5 * kernel, bias])
    network = KerasNetwork(model)
    x = np.random.default_rng(1).random((2, 6, 6, 3), dtype=np.float32)
    right = network.plain_probabilities(x)
    nearby = network.plain_probabilities(x * np.float32(1 + 3e-7))
    require_agreement(network, x, nearby, ["a", "b"])
    assert np.isfinite(right).all()
