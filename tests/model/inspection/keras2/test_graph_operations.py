"""Nodes of TensorFlow's graph, as TensorFlow 1.15 to 2.3 stored calculations."""

import json
from typing import Any

import pytest

from mpsearch.model.inspection.keras2.graph_operations import call_of
from mpsearch.model.inspection.verdict import Refused


def call(op: str, constants: dict[str, Any], tensors: int = 1, **attributes: Any) -> Any:
    names = [f"tensor {number}" for number in range(tensors)]
    node = {"name": "x", "op": op, "input": [], "attr": attributes}
    return call_of({"node_def": node, "constants": constants}, names, "layer 'op'")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (call("RealDiv", {"1": 127.5}), ("math.truediv", "tensor 0", {"y": 127.5})),
        (call("Sub", {"0": 1.0}), ("math.subtract", 1.0, {"y": "tensor 0"})),
        (call("Mul", {}, 2), ("math.multiply", "tensor 0", {"y": "tensor 1"})),
        (call("Relu6", {}), ("nn.relu6", "tensor 0", {})),
        (
            call("Mean", {"1": [1, 2]}, keep_dims={"b": True}),
            ("math.reduce_mean", "tensor 0", {"axis": [1, 2], "keepdims": True}),
        ),
        (call("ConcatV2", {"2": -1}, 2), ("concat", ["tensor 0", "tensor 1"], {"axis": -1})),
        (
            call("Squeeze", {}, squeeze_dims={"list": {"i": ["1", "2"]}}),
            ("squeeze", "tensor 0", {"axis": [1, 2]}),
        ),
        (call("BiasAdd", {"1": [1.0]}), ("nn.bias_add", "tensor 0", {"bias": [1.0]})),
    ],
)
def test_functions(found: Any, expected: Any) -> None:
    assert found == expected


def test_a_slice_from_the_end() -> None:
    """``x[..., ::-1]``"""
    masks: dict[str, Any] = {
        "ellipsis_mask": {"i": "1"},
        "begin_mask": {"i": "2"},
        "end_mask": {"i": "2"},
    }
    _, _, said = call("StridedSlice", {"1": [0, 0], "2": [0, 0], "3": [1, -1]}, **masks)
    last = {"start": None, "stop": None, "step": -1}
    assert said == {"slice_spec": [{"class_name": "__ellipsis__"}, last]}


def test_a_slice_with_bounds() -> None:
    """``x[:, 1:4, None, 2]``"""
    masks: dict[str, Any] = {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}}
    masks |= {"new_axis_mask": {"i": "4"}, "shrink_axis_mask": {"i": "8"}}
    bounds = {"1": [0, 1, 0, 2], "2": [0, 4, 0, 3], "3": [1, 1, 1, 1]}
    _, _, said = call("StridedSlice", bounds, **masks)
    whole = {"start": None, "stop": None, "step": 1}
    assert said["slice_spec"] == [whole, {"start": 1, "stop": 4, "step": 1}, None, 2]


def test_a_node_in_a_string() -> None:
    node = json.dumps({"op": "Neg", "attr": {}})
    assert call_of({"node_def": node}, ["x"], "layer 'op'") == ("math.negative", "x", {})


@pytest.mark.parametrize(
    ("op", "tensors"), [("ReadFile", 1), ("PyFunc", 1), ("ResizeBilinear", 2), ("Relu", 2)]
)
def test_other_operations(op: str, tensors: int) -> None:
    with pytest.raises(Refused, match=f"layer 'op' is TensorFlow's operation {op}, which is not"):
        call(op, {}, tensors)


def test_kernels_along_another_axis() -> None:
    _, _, said = call("BiasAdd", {"1": [1.0]}, data_format={"s": "TkNIVw=="})
    assert said["data_format"] == "NCHW"
