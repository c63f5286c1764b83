"""What of a description is not on the list."""

from typing import Any

import pytest
from crafted.blocks import Json, dense, layer, legacy, network
from crafted.code import function

from mpsearch.model.inspection.config import foreign_parts
from mpsearch.model.inspection.sizes import oversized


def parts(config: Json, largest: int = 144) -> list[str]:
    return list(foreign_parts(config, largest))


def test_a_network_of_standard_layers_is_clean() -> None:
    model = network(layer("Conv2D", "conv", filters=4, kernel_size=[3, 3]), layer("ReLU", "r"))
    assert parts(model) == []
    assert parts(legacy(model)) == []


def test_findings_come_in_the_order_of_the_layers() -> None:
    model = network(layer("Lambda", "one"), network(layer("Odd", "two", "my.layers"), name="in"))
    assert parts(model) == [
        "layer 'one': type Lambda is not supported",
        "layer 'two': type Odd of module 'my.layers' is not supported",
    ]


@pytest.mark.parametrize("name", ["relu", "relu6", "swish", "gelu"])
def test_activations_are_known_by_name_and_as_functions(name: str) -> None:
    assert parts(network(head=dense(activation=name))) == []
    assert parts(network(head=dense(activation=function("builtins", name)))) == []


@pytest.mark.parametrize(
    "value",
    [
        function("builtins", "eval"),
        function("os", "relu"),
        function(None, "relu"),
        function("builtins", "relu") | {"registered_name": "eval"},
        function("builtins", "relu") | {"config": ["relu"]},
        function("builtins", "relu") | {"module": ["builtins"]},
    ],
)
def test_other_functions_are_found(value: Json) -> None:
    found = parts(network(head=dense(activation=value)))
    assert len(found) == 1
    assert found[0].startswith("layer 'head': function ")


@pytest.mark.parametrize(
    "change",
    [
        {"class_name": ["Dense"]},
        {"class_name": None},
        {"class_name": {}},
        {"module": 3},
        {"module": ["keras.layers"]},
        {"module": "keras.layers.x"},
        {"module": "evil.keras.layers"},
        {"module": ""},
        {"registered_name": "evil>Dense"},
        {"registered_name": ["Dense"]},
    ],
)
def test_a_layer_that_is_not_what_it_says_is_found(change: Json) -> None:
    assert parts(network(head=dense() | change)) != []


def test_a_class_counts_only_in_its_own_module() -> None:
    assert parts(network(layer("Relu", "r", "keras.src.ops.nn"))) == []
    assert parts(network(layer("Relu", "r", "keras.layers"))) != []
    assert parts(network(layer("Dense", "r", "keras.src.ops.nn"))) != []


@pytest.mark.parametrize("name", ["a/b", "/", ".", "..", "a\0", "a\nb"])
def test_names_that_are_paths_are_found(name: str) -> None:
    assert any(repr(name) in one for one in parts(network(layer("ReLU", name))))


@pytest.mark.parametrize("name", ["a.b c", "ü猫", "CON", "x" * 300, "...", "a:0"])
def test_odd_names_are_taken(name: str) -> None:
    assert parts(network(layer("ReLU", name))) == []


def test_training_is_only_for_models_within() -> None:
    adam = {"module": "keras.optimizers", "class_name": "Adam", "config": {"iterations": 2**40}}
    inner = network(name="inner") | {"compile_config": {"optimizer": adam, "loss": "mse"}}
    assert parts(network(inner)) == []
    assert parts(network(head=dense(extra=adam))) != []
    # At the top Keras drops it.
    assert parts(network() | {"compile_config": {"optimizer": function("os", "system")}}) == []


def oversizes(value: Json, kind: str = "", largest: int = 10) -> list[str]:
    return list(oversized(value, "layer 'x'", kind, largest))


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ({"units": 2**20}, True),
        ({"units": 2**20 + 1}, False),
        ({"padding": [[0, 2**40], [0, 0]]}, True),  # lists within lists come as parts of their own
        ({"size": [1, 2**40]}, False),
        ({"axis": -(2**40)}, False),
        ({"seed": 2**63}, True),
        ({"seed": 2**65}, False),
        ({"scale": 1e30}, True),
        ({"use_bias": True}, True),
        ({"batch_shape": [None, 2**14, 2**14, 1]}, True),
        ({"batch_shape": [None, 2**14, 2**14, 3]}, False),
    ],
)
def test_numbers_are_bounded(value: Json, is_taken: bool) -> None:
    assert (oversizes(value) == []) == is_taken


def test_what_the_file_holds_bounds_what_may_be_declared() -> None:
    assert oversizes({"units": 2**21}, largest=2**18) == []
    assert oversizes({"units": 2**21}, largest=2**17) != []


def built(kind: str, shape: list[int | None], **config: Any) -> Json:
    return {"class_name": kind, "config": config, "build_config": {"input_shape": shape}}


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (built("Dense", [None, 2000], units=1000), "2,000,000"),
        (built("Conv2D", [None, 9, 9, 2000], filters=1000, kernel_size=[3, 3]), "18,000,000"),
        (built("Conv2D", [None, 9, 9, 2000], filters=1000, kernel_size=9, groups=2000), None),
        (
            built("Conv2D", [None, 9000, 1, 1], filters=999, data_format="channels_first"),
            "8,991,000",
        ),
        (built("DepthwiseConv2D", [None, 9, 9, 99], kernel_size=[2000, 1000]), "2,000,000"),
        (built("SeparableConv2D", [None, 9, 9, 3], kernel_size=[9, 9], filters=2**19), None),
        (built("Embedding", [None], input_dim=2000, output_dim=1000), "2,000,000"),
        (built("ReLU", [None, 2**20]), None),
    ],
)
def test_parameters_are_counted(value: Json, declared: str | None) -> None:
    found = oversizes(value, value["class_name"])
    if declared is None:
        assert found == []
    else:
        assert len(found) == 1
        assert f"{value['class_name']} declares at least {declared} parameters" in found[0]
