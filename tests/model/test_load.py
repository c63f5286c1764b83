"""What is loaded, and what is refused."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import (
    Build,
    chain,
    classify,
    image,
    inputs,
    layers,
    open_file,
    probabilities,
    saved,
    scores,
)

from mpsearch.model.backend import keras
from mpsearch.model.load import load_keras_model
from mpsearch.model.network import KerasNetwork
from mpsearch.model.source import find_model
from mpsearch.model.weight_layers import weight_layers
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf


# What is not an image classifier.


def two_inputs() -> Any:
    one, two = image(), image()
    return keras.Model([one, two], classify(layers.Add()([one, two])), name="net")


def two_outputs() -> Any:
    source = image()
    first = classify(source)
    return keras.Model(source, [first, layers.Softmax()(first)], name="net")


def vector() -> Any:
    source = keras.Input((20,))
    return keras.Model(source, layers.Dense(3, activation="softmax")(source), name="net")


@dataclass(frozen=True)
class Refused:
    name: str
    build: Build
    says: str


def flat(x: Any) -> Any:
    return layers.Dense(3, activation="softmax")(layers.Flatten()(x))


REFUSED = [
    Refused("two inputs", two_inputs, "has 2 inputs"),
    Refused("two outputs", two_outputs, "has 2 outputs"),
    Refused("vector", vector, "input (None, 20) is not an image"),
    Refused("series", lambda: chain(layers.Flatten(), layers.Dense(3), source=keras.Input((90, 3))),
            "input (None, 90, 3) has a side below 4, which is a series"),
    Refused("rank five", lambda: chain(layers.Flatten(), layers.Dense(3),
            source=keras.Input((4, 8, 8, 3))), "is not an image"),
    Refused("open rows", lambda: chain(layers.LSTM(3), source=keras.Input((None, 8))), "`size`"),
    Refused("five channels", lambda: chain(classify, source=image(channels=5)), "1 or 3 channels"),
    Refused("channels first", lambda: chain(flat, source=keras.Input((3, 8, 8))), "channels first"),
    Refused("segmentation", lambda: chain(layers.Conv2D(4, 3)), "not a row of class scores"),
    Refused("never built", lambda: keras.Sequential([layers.Dense(3)], name="net"),
            "no input shape"),
    Refused("open size", lambda: chain(classify, source=image(None, None)), "`size`"),
    Refused("open height", lambda: chain(classify, source=image(None, 8)), "`size`"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_is_no_image_classifier_is_refused(tmp_path: Path, case: Refused) -> None:
    path = saved(case.build(), tmp_path)
    with pytest.raises(ModelError) as caught:
        open_file(path)
    assert case.says in str(caught.value)
    assert "'net'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gray_images_need_no_axis_of_channels(tmp_path: Path) -> None:
    model = chain(layers.Flatten(), layers.Dense(3), source=keras.Input((9, 5)))
    assert open_file(saved(model, tmp_path)).input_shape == (None, 9, 5)
    rows = chain(layers.LSTM(3), source=keras.Input((None, 8)))
    assert open_file(saved(rows, tmp_path), (9, 8)).input_shape == (None, 9, 8)


def test_a_layer_that_remembers_images_is_refused(tmp_path: Path) -> None:
    source = keras.Input((6, 8), batch_size=1)
    model = keras.Model(source, layers.GRU(3, stateful=True, name="memory")(source), name="net")
    with pytest.raises(ModelError, match=r"layer 'memory' .*stateful"):
        KerasNetwork(open_file(saved(model, tmp_path)))


# Weights.


def test_a_model_without_weights_is_refused(tmp_path: Path) -> None:
    model = chain(layers.GlobalAveragePooling2D(), layers.Softmax())
    with pytest.raises(ModelError, match="nothing to quantize"):
        KerasNetwork(open_file(saved(model, tmp_path)))


def test_layers_without_a_scheme_do_not_count_as_weights(tmp_path: Path) -> None:
    model = chain(layers.BatchNormalization(), layers.GlobalAveragePooling2D(), layers.Softmax())
    with pytest.raises(ModelError, match="nothing to quantize"):
        KerasNetwork(open_file(saved(model, tmp_path)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("layer", "tensor", "count"), [("conv", 0, 1), ("dense", 1, 2)])
def test_weights_that_are_not_finite_are_named(
    tmp_path: Path, bad: float, layer: str, tensor: int, count: int
) -> None:
    model = scores()
    weights = [np.array(array) for array in model.get_layer(layer).get_weights()]
    weights[tensor].flat[:count] = bad
    model.get_layer(layer).set_weights(weights)
    with pytest.raises(ModelError) as caught:
        KerasNetwork(open_file(saved(model, tmp_path)))
    assert f"layer {layer!r} {('kernel', 'bias')[tensor]} holds {count} NaN or infinite" in str(
        caught.value
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_weights_of_another_type_are_refused(tmp_path: Path, dtype: str) -> None:
    x = source = image()
    x = layers.Conv2D(4, 3, dtype=dtype, name="other")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3, activation="softmax", dtype="float32")(x)
    path = saved(keras.Model(source, x, name="net"), tmp_path)
    with pytest.raises(ModelError, match=f"layer 'other' stores {dtype} weights"):
        KerasNetwork(open_file(path))


def test_quantized_weights_are_refused(tmp_path: Path) -> None:
    model = scores()
    model.get_layer("dense").quantize("int8")
    with pytest.raises(ModelError, match="layer 'dense' stores int8 weights"):
        KerasNetwork(open_file(saved(model, tmp_path)))


def test_mixed_precision_is_taken(tmp_path: Path) -> None:
    x = source = image()
    x = layers.Conv2D(4, 3, dtype="mixed_float16")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3, activation="softmax", dtype="float32")(x)
    network = KerasNetwork(open_file(saved(keras.Model(source, x), tmp_path)))
    assert len(network.layers) == 2
    assert network.weights(0)[0].dtype == np.float32


# Open input sizes.


def sequential() -> Any:
    return keras.Sequential(
        [
            image(None, None),
            layers.Conv2D(4, 3, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="dense"),
        ],
        name="net",
    )


@pytest.mark.parametrize(
    "build",
    [pytest.param(lambda: chain(classify, source=image(None, None)), id="open"), sequential],
)
def test_an_open_size_is_filled_in(tmp_path: Path, build: Build) -> None:
    model = open_file(saved(build(), tmp_path), (9, 11))
    assert model.input_shape == (None, 9, 11, 3)
    assert model.name == "net"
    assert [live.layer.kind for live in weight_layers(model)] == ["Conv2D", "Dense"]
    found, raw = probabilities(model)
    np.testing.assert_array_equal(found, raw)


@pytest.mark.parametrize("size", [(1, 1), (2, 9)])
def test_a_size_too_small_for_the_network_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = saved(chain(classify, source=image(None, None)), tmp_path)
    with pytest.raises(ModelError, match=f"{size[0]}x{size[1]}") as caught:
        open_file(path, size)
    assert "\n" not in str(caught.value)


def test_a_size_against_the_side_that_is_fixed_is_refused(tmp_path: Path) -> None:
    path = saved(chain(classify, source=image(None, 8)), tmp_path)
    assert open_file(path, (9, 8)).input_shape == (None, 9, 8, 3)
    with pytest.raises(ModelError, match="9x9"):
        open_file(path, (9, 9))


# Names and endings of files.


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        ("keras", "net.h5"),
        ("keras", "net.hdf5"),
        ("keras", "network"),
        ("keras", "NET.KERAS"),
        ("keras", "Netz ü 猫.keras"),
        ("h5", "net.keras"),
        ("h5", "network"),
        ("h5", "net.hdf5"),
        ("h5", "NET.H5"),
    ],
)
def test_the_content_of_a_file_counts_not_its_name(tmp_path: Path, ending: str, name: str) -> None:
    model = scores()
    (tmp_path / "first").mkdir()
    path = saved(model, tmp_path / "first", ending).rename(tmp_path / name)
    loaded = open_file(path)
    x = inputs(model)
    np.testing.assert_array_equal(np.asarray(loaded(x)), np.asarray(model(x)))


def test_a_relative_path_without_an_ending_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(scores(), tmp_path).rename(tmp_path / "network")
    monkeypatch.chdir(tmp_path)
    assert open_file(Path("network")).name == "net"


@pytest.mark.parametrize(
    ("name", "near"), [("VGG20", "VGG19"), ("vgg16", "VGG16"), ("Resnet50", "ResNet50")]
)
def test_an_unknown_application_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_keras_model(find_model(f"keras:{name}"))
    assert repr(name) in str(caught.value)
    assert f"keras:{near}" in str(caught.value)
