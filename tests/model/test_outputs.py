"""What the output of a model means."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import (
    Build,
    chain,
    image,
    inputs,
    layers,
    open_file,
    probabilities,
    saved,
    scores,
)

from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

# What the output means.


def softmax(scores: Any) -> Any:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        pytest.param(lambda: scores(1, None), "regression", id="regression"),
        pytest.param(lambda: scores(1, "relu"), "regression", id="positive regression"),
        pytest.param(lambda: scores(1, "softmax"), "one number", id="softmax of one"),
        pytest.param(lambda: scores(4, "sigmoid"), "4 independent sigmoids", id="multi-label"),
        pytest.param(
            lambda: scores(4, None, layers.Activation("sigmoid")), "4 independent", id="later"
        ),
        pytest.param(lambda: scores(4, "relu"), "'relu'", id="relu"),
        pytest.param(lambda: scores(4, "tanh"), "'tanh'", id="tanh"),
        pytest.param(lambda: scores(4, None, layers.Activation("relu")), "'relu'", id="activation"),
        pytest.param(lambda: scores(4, None, keras.ops.relu), "'relu'", id="operation"),
        pytest.param(lambda: scores(4, None, layers.ReLU()), "relu", id="ReLU layer"),
    ],
)
def test_outputs_that_are_no_class_scores_are_refused(
    tmp_path: Path, build: Build, says: str
) -> None:
    model = open_file(saved(build(), tmp_path))
    with pytest.raises(ModelError) as caught:
        KerasNetwork(model)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: scores(4, None), id="no activation"),
        pytest.param(lambda: scores(4, "linear"), id="linear"),
        pytest.param(lambda: scores(4, None, layers.Dropout(0.5)), id="dropout"),
        pytest.param(lambda: scores(4, None, layers.BatchNormalization()), id="normalization"),
    ],
)
def test_logits_are_found(tmp_path: Path, build: Build) -> None:
    found, raw = probabilities(open_file(saved(build(), tmp_path)))
    np.testing.assert_allclose(found, softmax(raw), atol=1e-6)


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(scores, id="activation"),
        pytest.param(lambda: scores(3, None, layers.Softmax()), id="Softmax layer"),
        pytest.param(lambda: scores(3, None, layers.Activation("softmax")), id="Activation layer"),
        pytest.param(lambda: scores(3, None, keras.ops.softmax), id="operation"),
        pytest.param(lambda: scores(3, "softmax", layers.Reshape((3,))), id="reshaped"),
    ],
)
def test_probabilities_stay_as_they_are(tmp_path: Path, build: Build) -> None:
    found, raw = probabilities(open_file(saved(build(), tmp_path)))
    np.testing.assert_array_equal(found, raw)


def average_of_two() -> Any:
    source = image()
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(source))
    heads = [layers.Dense(3, activation="softmax")(pooled) for _ in range(2)]
    return keras.Model(source, layers.Average()(heads), name="net")


def pooled_softmax() -> Any:
    head = layers.Conv2D(3, 3, activation="softmax")
    return chain(head, layers.AveragePooling2D(6), layers.Flatten())


@pytest.mark.parametrize("build", [average_of_two, pooled_softmax])
def test_means_of_probabilities_are_not_taken_for_logits(tmp_path: Path, build: Build) -> None:
    model = open_file(saved(build(), tmp_path))
    np.testing.assert_allclose(np.asarray(model(inputs(model))).sum(axis=1), 1, atol=1e-5)
    try:
        found, raw = probabilities(model)
    except ModelError:
        return  # to say that it cannot be told is right as well
    np.testing.assert_allclose(found, raw, atol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_binary_classifier_has_two_classes(tmp_path: Path, activation: str | None) -> None:
    model = open_file(saved(scores(1, activation), tmp_path))
    found, raw = probabilities(model, from_logits=activation is None)
    positive = raw[:, 0] if activation else 1 / (1 + np.exp(-raw[:, 0]))
    np.testing.assert_allclose(found[:, 1], positive, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert found.shape == (2, 2)


def test_the_user_may_say_that_scores_are_logits(tmp_path: Path) -> None:
    found, raw = probabilities(open_file(saved(scores(4, "tanh"), tmp_path)), from_logits=True)
    np.testing.assert_allclose(found, softmax(raw), atol=1e-6)
