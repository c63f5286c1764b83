"""Calculations without layers become operations of Keras 3."""

import pytest
from keras2_configs import Json, history, only_layer, operation

from mpsearch.model.inspection.config import foreign_parts
from mpsearch.model.inspection.keras2.rewrite import in_keras3_terms
from mpsearch.model.inspection.verdict import Refused


@pytest.mark.parametrize(
    ("function", "keywords", "kind", "settings"),
    [
        ("math.multiply", {"y": 0.5, "name": None}, "Multiply", {}),
        ("__operators__.add", {"y": ["in", 0, 0]}, "Add", {}),
        ("nn.bias_add", {"bias": [1.0, 2.0], "data_format": "NHWC"}, "Add", {}),
        ("nn.relu6", {}, "Relu6", {}),
        ("math.reduce_mean", {"axis": [1, 2]}, "Mean", {"axis": [1, 2]}),
        ("nn.leaky_relu", {}, "LeakyRelu", {"negative_slope": 0.2}),
        (
            "clip_by_value",
            {"clip_value_min": 0, "clip_value_max": 6},
            "Clip",
            {"x_min": 0, "x_max": 6},
        ),
    ],
)
def test_calculations(function: str, keywords: Json, kind: str, settings: Json) -> None:
    found = only_layer(operation(function, keywords))
    assert found["class_name"] == kind
    assert found["config"] == {"name": "op", **settings}
    assert not list(foreign_parts(in_keras3_terms(operation(function, keywords)), 100))


def test_a_constant_comes_first() -> None:
    config = operation("math.subtract", {}, ["_CONSTANT_VALUE", -1, 1.0, {"y": ["in", 0, 0]}])
    one, tensor = only_layer(config)["inbound_nodes"][0]["args"]
    assert (one, history(tensor)) == (1.0, ["in", 0, 0])


@pytest.mark.parametrize(
    ("function", "keywords", "says"),
    [
        ("py_function", {}, r"layer 'op' calls tf\.py_function, which is not known"),
        ("io.read_file", {}, r"layer 'op' calls tf\.io\.read_file"),
        ("nn.bias_add", {"bias": [1.0], "data_format": "NCHW"}, "with data_format = NCHW"),
        ("image.resize", {"size": [4, 4], "antialias": True}, "with antialias = True"),
        ("math.multiply", {}, "without 'y'"),
    ],
)
def test_other_calculations(function: str, keywords: Json, says: str) -> None:
    with pytest.raises(Refused, match=says):
        in_keras3_terms(operation(function, keywords))
