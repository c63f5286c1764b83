"""Descriptions of Keras 2 in the terms of Keras 3."""

import copy
import json
import random
from typing import Any

import pytest
from keras2_configs import (
    FIRST,
    Json,
    functional,
    history,
    layer,
    only_layer,
    operation,
    sequential,
    settings_of,
)

from mpsearch.model.inspection.config import foreign_parts
from mpsearch.model.inspection.keras2.rewrite import in_keras3_terms
from mpsearch.model.inspection.verdict import Refused


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("DepthwiseConv2D", {"groups": 1}),
        ("SeparableConv2D", {"groups": 1, "kernel_initializer": {"class_name": "Zeros"}}),
        ("SeparableConv1D", {"kernel_regularizer": "l2", "kernel_constraint": None}),
        ("Conv2DTranspose", {"groups": 1}),
        ("LSTM", {"time_major": False, "implementation": 2}),
        ("GRUCell", {"implementation": 0}),
        ("Attention", {"causal": False}),
        ("Embedding", {"input_length": 7}),
        ("BatchNormalization", {"renorm": False, "fused": None, "virtual_batch_size": None}),
        ("SpatialDropout2D", {"noise_shape": None}),
        ("Dense", {"batch_input_shape": [None, 3], "dynamic": False}),
        ("Dense", {"kernel_initializer": {"class_name": "MyOwn", "config": {}}}),
        ("Dense", {"kernel_regularizer": {"class_name": "MyOwn", "config": {}}}),
    ],
)
def test_settings_that_say_nothing(kind: str, settings: Json) -> None:
    assert not set(settings) & set(settings_of(kind, **settings))


@pytest.mark.parametrize(
    ("kind", "key", "value", "shown"),
    [
        ("DepthwiseConv2D", "groups", 2, "groups = 2"),
        ("SeparableConv1D", "groups", 4, "groups = 4"),
        ("Conv2DTranspose", "groups", 3, "groups = 3"),
        ("LSTM", "time_major", True, "time_major = True"),
        ("Attention", "causal", True, "causal = True"),
        ("BatchNormalization", "renorm", True, "renorm = True"),
        ("BatchNormalization", "virtual_batch_size", 8, "virtual_batch_size = 8"),
        ("BatchNormalization", "axis", [1, 2], r"axis = \[1, 2\]"),
        ("InputLayer", "ragged", True, "ragged = True"),
        ("InputLayer", "sparse", True, "sparse = True"),
    ],
)
def test_settings_that_say_something(kind: str, key: str, value: Any, shown: str) -> None:
    with pytest.raises(Refused, match=f"cannot be loaded: layer 'one' .*{shown}"):
        in_keras3_terms(sequential(layer(kind, **{key: value})))


def test_groups_of_an_ordinary_convolution_stay() -> None:
    assert settings_of("Conv2D", groups=3)["groups"] == 3


@pytest.mark.parametrize("kind", ["LocallyConnected2D", "CuDNNLSTM", "MaxoutDense"])
def test_layers_that_keras_3_does_not_have(kind: str) -> None:
    with pytest.raises(Refused, match=f"layer 'one' is a {kind}, which Keras 3 does not have"):
        in_keras3_terms(sequential(layer(kind)))


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("LeakyReLU", {"alpha": 0.3}, {"negative_slope": 0.3}),
        ("LeakyReLU", {"alpha": {"type": "ndarray", "value": 0.3}}, {"negative_slope": 0.3}),
        ("BatchNormalization", {"axis": [3]}, {"axis": 3}),
        ("BatchNormalizationV1", {"axis": [1]}, {"axis": 1}),
        ("GRU", {}, {"reset_after": False}),
        ("GRU", {"reset_after": True}, {"reset_after": True}),
        ("Dense", {"activation": "softmax_v2"}, {"activation": "softmax"}),
        (
            "Dense",
            {"dtype": {"class_name": "Policy", "config": {"name": "float32"}}},
            {"dtype": "float32"},
        ),
        (
            "Dense",
            {"kernel_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}}},
            {
                "kernel_initializer": {
                    "module": "keras.initializers",
                    "class_name": "Zeros",
                    "config": {},
                    "registered_name": None,
                }
            },
        ),
    ],
)
def test_settings_under_other_names(kind: str, settings: Json, expected: Json) -> None:
    found = settings_of(kind, **settings)
    assert {key: found[key] for key in expected} == expected


def test_a_threshold() -> None:
    found = only_layer(sequential(layer("ThresholdedReLU", theta=0.2)))
    assert (found["class_name"], found["config"]["threshold"]) == ("ReLU", 0.2)


def test_hard_sigmoid_is_that_of_keras_2() -> None:
    found = settings_of("LSTM", recurrent_activation="hard_sigmoid")["recurrent_activation"]
    scale, clip = found["config"]["layers"]
    assert (scale["config"]["scale"], scale["config"]["offset"]) == (0.2, 0.5)
    assert (clip["class_name"], clip["config"]["max_value"]) == ("ReLU", 1.0)


@pytest.mark.parametrize(
    "first",
    [
        layer("Conv2D", batch_input_shape=[None, 8, 8, 3]),
        layer("TimeDistributed", batch_input_shape=[None, 8, 8, 3], layer=layer("Dense")),
        sequential(layer("Conv2D", batch_input_shape=[None, 8, 8, 3]), name="inner"),
        functional((layer("Flatten"), [[["in", 0, 0, {}]]]), end=[["one", 0, 0]]),
    ],
)
def test_a_missing_input_layer(first: Json) -> None:
    layers = in_keras3_terms(sequential(first, layer("Flatten", "flat")))["config"]["layers"]
    assert layers[0]["class_name"] == "InputLayer"
    assert layers[0]["config"]["batch_shape"] == [None, 8, 8, 3]


def test_a_fixed_batch() -> None:
    found = settings_of("InputLayer", batch_input_shape=[32, 8, 8, 3])
    assert found["batch_shape"] == [None, 8, 8, 3]


def test_a_sequential_model_that_is_a_list() -> None:
    first = layer("Conv2D", batch_input_shape=[None, 8, 8, 3])
    found = in_keras3_terms({"class_name": "Sequential", "config": [first, layer("Flatten", "f")]})
    kinds = [one["class_name"] for one in found["config"]["layers"]]
    assert kinds == ["InputLayer", "Conv2D", "Flatten"]


def test_slashes() -> None:
    config = functional(
        (layer("Conv2D", "a/b"), [[["in", 0, 0, {}]]]),
        (layer("Conv2D", "a_b"), [[["a/b", 0, 0, {}]]]),
        end=[["a_b", 0, 0]],
    )
    layers = in_keras3_terms(config)["config"]["layers"]
    assert [one["name"] for one in layers] == ["in", "a_b_2", "a_b"]
    assert [one["config"]["name"] for one in layers] == ["in", "a_b_2", "a_b"]
    assert history(layers[2]["inbound_nodes"][0]["args"][0]) == ["a_b_2", 0, 0]


def nested(first: int) -> Json:
    """A model that is called twice, whose calls a file counts from *first* on."""
    inner = functional((layer("Flatten"), [[["in", 0, 0, {}]]]), end=[["one", 0, 0]])
    inner["config"]["name"] = "inner"
    calls = [[["in", 0, 0, {}]], [["in", 0, 0, {}]]]
    ends = [["inner", first, 0, {}], ["inner", first + 1, 0, {}]]
    return functional((inner, calls), (layer("Add", "add"), [ends]), end=[["add", 0, 0]])


@pytest.mark.parametrize("first", [0, 1])
def test_calls_are_counted_from_nought(first: int) -> None:
    added = only_layer(nested(first))["inbound_nodes"][0]["args"][0]
    assert [history(one) for one in added] == [["inner", 0, 0], ["inner", 1, 0]]


def test_a_model_at_the_end_is_counted_from_one() -> None:
    config = nested(1)
    config["config"]["output_layers"] = [["inner", 2, 0]]
    assert in_keras3_terms(config)["config"]["output_layers"] == ["inner", 2, 0]


@pytest.mark.parametrize("said", [{"training": False}, {"training": None, "mask": None}])
def test_a_call_as_in_use_says_nothing(said: Json) -> None:
    config = functional((layer("Flatten"), [[["in", 0, 0, said]]]), end=[["one", 0, 0]])
    assert only_layer(config)["inbound_nodes"][0]["kwargs"] == {}


def test_a_call_as_in_training() -> None:
    config = functional(
        (layer("Dropout"), [[["in", 0, 0, {"training": True}]]]), end=[["one", 0, 0]]
    )
    with pytest.raises(Refused, match="layer 'one' is called with training = True"):
        in_keras3_terms(config)


@pytest.mark.parametrize(
    "foreign",
    [
        layer("Lambda", function=["4wEAAAAB", None, None]),
        layer("Custom>Mine"),
        layer("Mine") | {"module": "mine", "registered_name": "mine>Mine"},
    ],
)
def test_what_is_not_of_keras_is_left_for_the_allow_list(foreign: Json) -> None:
    source = {"class_name": "InputLayer", "config": FIRST}
    found = in_keras3_terms(sequential(source, foreign))
    assert next(foreign_parts(found, 100)).startswith("layer 'one': type ")


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a description with each of its keys."""
    keys = (
        list(value)
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else []
    )
    return [(value, key) for key in keys] + [more for key in keys for more in places(value[key])]


def test_nothing_but_a_refusal_comes_of_a_damaged_description() -> None:
    junk: list[Any] = [
        None,
        True,
        0,
        -1,
        1e300,
        "",
        "in",
        "x" * 99,
        [],
        {},
        [[]],
        [None],
        {"class_name": 1},
    ]
    numbers = random.Random(1)
    whole = [nested(1), operation("math.multiply", {"y": 0.5}), sequential(layer("GRU"), nested(0))]
    for _ in range(1500):
        config = copy.deepcopy(numbers.choice(whole))
        for _ in range(numbers.randint(1, 3)):
            container, key = numbers.choice(places(config))
            container[key] = copy.deepcopy(numbers.choice(junk))
        try:
            found = in_keras3_terms(config)
        except Refused:
            continue
        json.dumps(found)
        list(foreign_parts(found, 100))
