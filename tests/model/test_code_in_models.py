"""Code in a model file does not run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import (
    Build,
    chain,
    classify,
    layers,
    open_file,
    saved,
)

from mpsearch.model.backend import keras
from mpsearch.model.load import load_keras_model
from mpsearch.model.source import find_model
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

# Code in a model file.


def doubled(x: Any) -> Any:
    return x * 2


def nested_lambda() -> Any:
    inner = chain(layers.Lambda(lambda x: x * 2, name="lam"))
    return chain(inner, classify)


def wrapped_lambda() -> Any:
    lam = layers.Lambda(lambda x: x * 2, output_shape=(8, 3), name="lam")
    return chain(layers.TimeDistributed(lam), classify)


LAMBDAS: dict[str, Build] = {
    "plain": lambda: chain(layers.Lambda(lambda x: x * 2, name="lam"), classify),
    "nested": nested_lambda,
    "wrapped": wrapped_lambda,
    "named function": lambda: chain(layers.Lambda(doubled, name="lam"), classify),
}


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("kind", LAMBDAS)
def test_lambdas_are_refused_in_one_line(tmp_path: Path, kind: str, ending: str) -> None:
    path = saved(LAMBDAS[kind](), tmp_path, ending)
    with pytest.raises(ModelError) as caught:
        open_file(path)
    said = str(caught.value)
    assert repr(str(path)) in said
    assert "Lambda" in said
    assert "\n" not in said


def test_the_refusal_of_a_lambda_does_not_advise_to_trust_it(tmp_path: Path) -> None:
    path = saved(LAMBDAS["plain"](), tmp_path)
    with pytest.raises(ModelError) as caught:
        open_file(path)
    assert "safe_mode" not in str(caught.value)  # there is no such option


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_code_in_a_model_does_not_run(tmp_path: Path, ending: str) -> None:
    marker = str(tmp_path / "marker")

    # A lambda that carries all it needs: it makes a file and hands its input on.
    touch = layers.Lambda(
        lambda x: (open(marker, "a").close(), x)[1],  # type: ignore[func-returns-value] # noqa: PTH123
        output_shape=(8, 8, 3),
    )
    path = saved(chain(touch, classify), tmp_path, ending)
    Path(marker).unlink(missing_ok=True)
    model = keras.saving.load_model(path, compile=False, safe_mode=False)
    model(np.zeros((1, 8, 8, 3), np.float32))
    assert Path(marker).exists()  # so it would run
    Path(marker).unlink()
    with pytest.raises(ModelError):
        open_file(path)
    assert not Path(marker).exists()


def test_what_keras_writes_to_h5_and_cannot_read_is_told_with_its_cause(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 3))
    scores = layers.Dense(3, activation="softmax")(layers.Flatten()(inputs + 3.0))
    path = tmp_path / "net.h5"
    keras.Model(inputs, scores).save(path)
    with pytest.raises(ModelError) as refused:
        load_keras_model(find_model(str(path)))
    assert "Only input tensors may be passed as positional arguments" in str(refused.value)
    assert "save it as .keras where it was made" in str(refused.value)
    keras.Model(inputs, scores).save(tmp_path / "net.keras")
    load_keras_model(find_model(str(tmp_path / "net.keras")))


def test_a_layer_class_that_is_not_keras_own_is_refused(tmp_path: Path) -> None:
    def call(_self: Any, x: Any) -> Any:
        return x

    odd = type("Odd", (layers.Layer,), {"call": call})
    path = saved(chain(odd(name="odd"), classify), tmp_path)
    with pytest.raises(ModelError, match="custom code") as caught:
        open_file(path)
    assert repr(str(path)) in str(caught.value)
    assert "\n" not in str(caught.value)
