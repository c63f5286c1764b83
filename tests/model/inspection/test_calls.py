"""Calls of layers are counted as Keras would make them."""

from typing import Any

import pytest
from crafted.blocks import Json, layer, legacy, network
from crafted.calls import backward, chain, nested
from crafted.growth import called, functional, image, reference

from mpsearch.model.inspection.calls import MOST, count_calls
from mpsearch.model.inspection.verdict import Refused


def node(*sources: tuple[str, int]) -> Json:
    """A call in the newer format, on outputs of certain calls."""
    tensors = [reference(name) for name, _ in sources]
    for tensor, (_, index) in zip(tensors, sources, strict=True):
        tensor["config"]["keras_history"][1] = index
    return {"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}


def test_a_chain_makes_one_call_a_layer() -> None:
    assert count_calls(network()) == 3
    assert count_calls(legacy(network())) == 3
    assert count_calls(chain(MOST)) == MOST
    with pytest.raises(Refused, match=r"asks for 2,501 calls of layers up to model 'net'"):
        count_calls(chain(MOST + 1))


def test_nested_models_make_their_calls_each_time() -> None:
    # m1 calls its layer twice, m2 calls m1 twice …; each is built once, and the last is called.
    assert count_calls(nested(1)) == 2 + 2
    assert count_calls(nested(3)) == 2 + 4 + 8 + 8
    with pytest.raises(Refused, match="calls of layers up to model 'm11'"):
        count_calls(nested(13))


def test_what_wrappers_hold_is_called_too() -> None:
    inner = network(layer("ReLU", "r"), name="inner")  # four calls, and four to build it
    assert count_calls(network(layer("TimeDistributed", "t", layer=inner))) == 4 + 3 + 10 + 4
    dense = layer("Dense", "d", units=2)
    assert count_calls(network(layer("Bidirectional", "b", layer=dense))) == 3 + 3
    both = layer("Bidirectional", "b", layer=dense, backward_layer=dense)
    assert count_calls(network(both)) == 3 + 3
    cells = [layer("LSTMCell", name, units=2) for name in "ab"]
    stack = layer("RNN", "r", cell=layer("StackedRNNCells", "s", cells=cells))
    assert count_calls(network(stack)) == 3 + 10 + 3
    # An activation may be a model.
    assert count_calls(network(layer("Dense", "d", units=2, activation=inner))) == 4 + 3 + 1 + 4


def test_a_layer_called_twice_counts_twice() -> None:
    shared = called(layer("ReLU", "r"), "image") | {
        "inbound_nodes": [node(("image", 0)), node(("r", 0)), node(("r", 1))]
    }
    assert count_calls(functional(image(4, 4, 3), shared, last="r")) == 3


def legacy_node(*sources: Any) -> list[Any]:
    return [[name, index, 0, {}] for name, index in sources]


@pytest.mark.parametrize("of", [node, legacy_node])
def test_order_is_followed_as_keras_does(of: Any) -> None:
    """A(B(A(B(x)))): each layer waits for the other."""
    first = called(layer("ReLU", "a")) | {"inbound_nodes": [of(("b", 0)), of(("b", 1))]}
    second = called(layer("ReLU", "b")) | {"inbound_nodes": [of(("image", 0)), of(("a", 0))]}
    assert count_calls(functional(image(4, 4, 3), first, second, last="a")) == 4


def test_what_never_can_be_called_is_left_to_keras() -> None:
    loop = called(layer("ReLU", "a")) | {"inbound_nodes": [node(("b", 0))]}
    back = called(layer("ReLU", "b")) | {"inbound_nodes": [node(("a", 0))]}
    assert count_calls(functional(image(4, 4, 3), loop, back, last="a")) == 2


def test_a_long_list_in_no_order_is_refused() -> None:
    assert count_calls(backward(200)) == 200
    with pytest.raises(Refused, match="lists the layers of model 'net' in no order"):
        count_calls(backward(1000))


@pytest.mark.parametrize("nothing", [{"args": [3.0], "kwargs": {}}, {"args": [], "kwargs": {}}, []])
def test_a_call_on_constants_is_refused(nothing: Any) -> None:
    alone = called(layer("Tile", "t", "keras.src.ops.numpy", repeats=[9]))
    config = functional(image(4, 4, 3), alone | {"inbound_nodes": [nothing]}, last="t")
    with pytest.raises(Refused, match="calls layer 't' on no value of the network"):
        count_calls(config)


def test_tensors_among_keywords_are_values_of_the_network() -> None:
    cross = called(layer("MultiHeadAttention", "a", num_heads=1, key_dim=2))
    with_value = {"args": [reference("image")], "kwargs": {"value": reference("image")}}
    only = {"args": [], "kwargs": {"query": reference("image"), "value": reference("image")}}
    for one in (with_value, only):
        config = functional(image(4, 4, 3), cross | {"inbound_nodes": [one]}, last="a")
        assert count_calls(config) == 10


def test_layers_that_keep_state_are_refused() -> None:
    assert count_calls(network(layer("LSTM", "m", units=2, stateful=False))) == 3 + 10
    inner = layer("LSTM", "m", units=2, stateful=True)
    for one in (inner, layer("Bidirectional", "b", layer=inner)):
        with pytest.raises(Refused, match=r"a layer 'm' that keeps state .* \(stateful\)"):
            count_calls(network(one))


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"class_name": "Functional"},
        {"class_name": "Functional", "config": 3},
        {"class_name": "Functional", "config": {"layers": 3}},
        {"class_name": "Functional", "config": {"layers": [3, None, {"inbound_nodes": 3}]}},
        {"class_name": "Sequential", "config": [layer("ReLU", "r")]},
        {"class_name": ["Functional"], "config": {}},
    ],
)
def test_odd_descriptions_are_counted_without_harm(config: Json) -> None:
    assert count_calls(config) <= 2
