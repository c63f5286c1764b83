"""Settings of a wrong type are named with their layer."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from crafted.blocks import Json, dense, h5_file, keras_file, layer, network

from mpsearch.model.settings import require_sound_settings
from mpsearch.model.source import ModelSource
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf


def check(path: Path) -> None:
    kind: Literal["h5", "keras"] = "h5" if path.suffix == ".h5" else "keras"
    require_sound_settings(ModelSource(str(path), kind, path, "net"), path)


def masked(value: Any) -> Json:
    return network(layer("Masking", "m", mask_value=value))


@pytest.mark.parametrize("write", [keras_file, h5_file])
@pytest.mark.parametrize(
    ("config", "says"),
    [
        (masked("x"), "'m': mask_value = \"x\", where a number is expected"),
        (masked([1, 2]), "mask_value = [1, 2], where a number"),
        (masked({}), "mask_value = {}, where a number"),
        (masked(True), "mask_value = true, where a number"),
        (
            network(
                layer("SpectralNormalization", "s", power_iterations="x", layer=layer("ReLU", "r"))
            ),
            "'s': power_iterations = \"x\", where an integer is expected",
        ),
        (
            network(layer("SpectralNormalization", "s", power_iterations=True)),
            "power_iterations = true, where an integer",
        ),
        (
            network(layer("BatchNormalization", "b", momentum="a" * 99)),
            'momentum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, where',
        ),
        (network(layer("Softmax", "s", axis=1.5)), "axis = 1.5, where an integer"),
        (network(head=dense(use_bias="no")), "'head': use_bias = \"no\", where true or false"),
        (network(layer("MaxPooling2D", "p", padding=3)), "padding = 3, where a string"),
        (
            network(
                head=dense(
                    kernel_initializer=layer("RandomNormal", "i", "keras.initializers", stddev="x")
                )
            ),
            'stddev = "x", where a number',
        ),
    ],
)
def test_a_value_of_a_wrong_type_is_named(
    tmp_path: Path, config: Json, says: str, write: Any
) -> None:
    path = tmp_path / f"net.{'h5' if write is h5_file else 'keras'}"
    path.write_bytes(write(config))
    with pytest.raises(ModelError, match="correct it and save the model again") as caught:
        check(path)
    assert f"model {str(path)!r}: layer " in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("value", [0, 1.5, -1, None])
def test_numbers_of_any_kind_are_numbers(tmp_path: Path, value: Any) -> None:
    (tmp_path / "net.keras").write_bytes(keras_file(masked(value)))
    check(tmp_path / "net.keras")


def test_a_number_without_end_is_none(tmp_path: Path) -> None:
    text = json.dumps(masked(12345)).replace("12345", "1e999").encode()
    (tmp_path / "net.keras").write_bytes(keras_file(text))
    with pytest.raises(ModelError, match="mask_value = Infinity, where a number"):
        check(tmp_path / "net.keras")


@pytest.mark.parametrize(
    "one",
    [
        layer("Rescaling", "r", scale=[1, 2, 3], offset=[0, 0, 1]),
        layer("BatchNormalization", "b", axis=[3]),
        layer("RandomContrast", "c", factor=[0.1, 0.2]),
        layer("RandomZoom", "z", height_factor=[0.1, 0.2], fill_value=0),
        layer("Softmax", "s", axis=[1, 2]),
    ],
)
def test_lists_are_taken_where_keras_takes_them(tmp_path: Path, one: Json) -> None:
    (tmp_path / "net.keras").write_bytes(keras_file(network(one)))
    check(tmp_path / "net.keras")
