"""A Sequential model of a file is built once, and is the same model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpsearch.model.backend import keras
from mpsearch.model.built_once import built_once

pytestmark = pytest.mark.tf

MANY = 30


def layers(count: int) -> list[Any]:
    return [keras.layers.ReLU() for _ in range(count)]


def saved(path: Path) -> Any:
    inner = keras.Sequential([keras.Input((4, 4, 3)), *layers(MANY), keras.layers.Flatten()])
    model = keras.Sequential([keras.Input((4, 4, 3)), inner, keras.layers.Dense(3), *layers(MANY)])
    model.save(path)
    return model


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_it_is_built_once(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"net{ending}"
    model = saved(path)
    calls = []
    call = keras.layers.ReLU.__call__

    def counted(*args: Any, **more: Any) -> Any:
        calls.append(1)
        return call(*args, **more)

    monkeypatch.setattr(keras.layers.ReLU, "__call__", counted)
    with built_once():
        loaded = keras.saving.load_model(path, compile=False)
    assert len(calls) < 6 * MANY  # and not half its square
    image = np.linspace(-1, 1, 48, dtype=np.float32).reshape(1, 4, 4, 3)
    np.testing.assert_array_equal(loaded(image), model(image))
    assert loaded.input_shape == model.input_shape


def test_keras_is_as_it_was_afterwards() -> None:
    before = keras.Sequential.add, keras.Sequential.__dict__["from_config"]
    with built_once():
        assert keras.Sequential.add is not before[0]
    assert (keras.Sequential.add, keras.Sequential.__dict__["from_config"]) == before
    model = keras.Sequential([keras.Input((2,))])
    model.add(keras.layers.Dense(1))
    assert model.built


def test_a_model_without_a_shape_stays_open() -> None:
    model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(1)])
    with built_once():
        again = keras.Sequential.from_config(model.get_config())
    assert not again.built
    assert [one.name for one in again.layers] == [one.name for one in model.layers]
