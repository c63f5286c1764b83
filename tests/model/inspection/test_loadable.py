"""Whether Keras would load what the allow-list leaves out."""

from typing import Any

import pytest
from crafted.blocks import layer, network
from crafted.code import LAMBDAS

from mpsearch.model.backend import keras
from mpsearch.model.inspection.allowed import BY_MODULE
from mpsearch.model.inspection.loadable import _UNLISTED, will_load

pytestmark = pytest.mark.tf


@pytest.mark.parametrize(
    "foreign",
    [
        layer("StringLookup", "words"),
        layer(
            "Mine", "mine", "json.decoder"
        ),  # a module that is there; whether the class is, it says
        layer("Lambda", "lam", function="relu"),
    ],
)
def test_what_loads(foreign: dict[str, Any]) -> None:
    assert will_load(network(foreign))


def test_a_lambda_layer_of_a_known_function_loads(tmp_path: Any) -> None:
    assert will_load(LAMBDAS["lambda_of_relu"](tmp_path / "marker"))


@pytest.mark.parametrize(
    "foreign",
    [
        layer("Mine", "mine"),
        layer("Mine", "mine", None),
        layer("Mine", "mine", "__main__"),
        layer("Mine", "mine", "a_module_that_nobody_has"),
        layer("LocallyConnected2D", "local"),
        layer("Lambda", "lam", function=["4wEAAAAB", None, None]),
        layer("Dense", "a/b"),
        layer("Dense", "dense", activation="my_activation"),
        layer("Dense", "dense", dtype="float128"),
    ],
)
def test_what_does_not_load(foreign: dict[str, Any]) -> None:
    assert not will_load(network(foreign))


def test_stored_code_does_not_load(tmp_path: Any) -> None:
    assert not will_load(LAMBDAS["lambda"](tmp_path / "marker"))


def test_unlisted_layers_are_keras_own() -> None:
    assert not _UNLISTED & BY_MODULE["keras.layers"]
    assert all(hasattr(keras.layers, name) for name in _UNLISTED)
