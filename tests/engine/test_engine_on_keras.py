"""The engine against a plain loop of set_weights and predict, on every kind of network."""

from typing import Any

import numpy as np
import pytest
import zoo

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork
from mpsearch.model.plain_forward import plain_forward
from mpsearch.model.weight_layers import weight_layers
from mpsearch.schemes import parse_scheme
from mpsearch.values.errors import ModelError
from mpsearch.values.measurement import Measurement
from mpsearch.values.outer import OuterProduct
from mpsearch.values.plan import Plan

pytestmark = pytest.mark.tf

MENU = ("original", "bitwiseAnd_1", "bitwiseAnd_18", "bitwiseAnd_21", "fl16", "fix8", "prun_0.1")
TOLERANCE = 5e-6
# Seven and ten mantissa bits of activation.
COARSE = {"mixed": 1e-2, "half": 2e-3}


def plain_probabilities(network: KerasNetwork, model: Any, x: Any, plan: Plan) -> Any:
    """What the original did: change the weights, predict, put them back."""
    live = weight_layers(model)
    kept = [one.keras_layer.get_weights() for one in live]
    try:
        for one, weights, name in zip(live, kept, plan.schemes, strict=True):
            scheme = parse_scheme(name)
            one.keras_layer.set_weights([scheme.decode(scheme.encode(w)) for w in weights])
        return network.probabilities(plain_forward(model, x))
    finally:
        for one, weights in zip(live, kept, strict=True):
            one.keras_layer.set_weights(weights)


def plans_for(names: tuple[str, ...], seed: int) -> list[Plan]:
    """Uniform, per-layer, cumulative and random plans."""
    rng = np.random.default_rng(seed)
    base = Plan.uniform(names, "original")
    plans = [Plan.uniform(names, scheme) for scheme in MENU]
    plans += [base.replace(name, "fix8") for name in names]
    plans += [
        Plan(names, ("bitwiseAnd_21",) * i + ("original",) * (len(names) - i))
        for i in range(len(names))
    ]
    plans += [Plan(names, tuple(str(s) for s in rng.choice(MENU, len(names)))) for _ in range(6)]
    return plans


@pytest.mark.parametrize("name", [*zoo.ZOO, *zoo.SEQUENCES])
def test_measurements_equal_set_weights_and_predict(name: str) -> None:
    model, network = zoo.network(name)
    x = zoo.images_for(model, 3)
    before = [np.array(v.numpy()) for v in model.weights]
    engine = Engine.of(network, WeightBank(network, 2**20), x, None, 2**26)
    plans = plans_for(tuple(layer.name for layer in engine.layers), seed=3)
    tolerance = COARSE.get(name, TOLERANCE)
    for plan, measurement in zip(plans, engine.measure(plans), strict=True):
        expected = plain_probabilities(network, model, x, plan)
        confidence = expected[np.arange(3), engine.reference]
        np.testing.assert_allclose(measurement.confidence, confidence, atol=tolerance, rtol=0)
        assert measurement.plan == plan
        assert measurement.nbytes == engine.nbytes(plan)
    for variable, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize("name", sorted(set(zoo.ZOO) - set(COARSE)))
def test_memory_grouping_and_order_change_nothing(name: str) -> None:
    model, network = zoo.network(name)
    x = zoo.images_for(model, 5)
    plans = plans_for(tuple(layer.name for layer in network.layers), seed=7)
    together = Engine.of(network, WeightBank(network, 2**24), x, None, 2**26).measure(plans)
    rng = np.random.default_rng(1)
    for memory in (0, 20_000, 2**20):
        engine = Engine.of(network, WeightBank(network, memory), x, None, memory)
        order = [int(i) for i in rng.permutation(len(plans))]
        found: dict[int, Measurement] = {}
        while order:
            few, order = order[:5], order[5:]
            found.update(zip(few, engine.measure([plans[i] for i in few]), strict=True))
        for i, expected in enumerate(together):
            np.testing.assert_allclose(
                found[i].confidence, expected.confidence, atol=TOLERANCE, rtol=0
            )


@pytest.mark.parametrize("name", ["vgg", "mobile", "residual", "every_kind", "pools"])
def test_one_layer_cumulated_is_that_layer_and_all_layers_are_uniform(name: str) -> None:
    model, network = zoo.network(name)
    x = zoo.images_for(model, 2)
    names = tuple(layer.name for layer in network.layers)
    engine = Engine.of(network, WeightBank(network, 2**24), x, None, 2**26)
    base, last = Plan.uniform(names, "original"), len(names)
    prefixes = [
        Plan(names, ("fix8",) * (i + 1) + ("original",) * (last - i - 1)) for i in range(last)
    ]
    every_layer = [base.replace(one, "fix8") for one in names]
    mixed = engine.measure([*prefixes, *every_layer, Plan.uniform(names, "fix8")])
    first, alone, end, uniform = mixed[0], mixed[last], mixed[last - 1], mixed[-1]
    np.testing.assert_allclose(first.confidence, alone.confidence, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(end.confidence, uniform.confidence, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("name", zoo.ZOO)
def test_stages_cover_every_weight_layer_and_follow_their_inputs(name: str) -> None:
    _, network = zoo.network(name)
    made = {0}
    for stage in network.stages:
        assert made.issuperset(stage.inputs)
        made.update(stage.outputs)
    assert network.output in made
    used = {layer for stage in network.stages for layer in stage.layers}
    assert used == {layer.index for layer in network.layers}


def test_layers_of_nested_models_are_named_by_path_and_listed_once() -> None:
    _, network = zoo.network("nested")
    names = [layer.name for layer in network.layers]
    assert names == ["first", "shared", "block/inner", "tail/inner", "dense"]


def test_a_layer_used_twice_is_changed_in_both_places() -> None:
    _, network = zoo.network("nested")
    (index,) = (layer.index for layer in network.layers if layer.name == "shared")
    assert sum(index in stage.layers for stage in network.stages) == 2


def test_a_cell_in_two_layers_is_one_weight_layer_and_is_changed_in_both() -> None:
    cell = keras.layers.SimpleRNNCell(3, name="cell")
    x = image = keras.Input((5, 4))
    x = keras.layers.RNN(keras.layers.GRUCell(4), return_sequences=True, name="first")(x)
    x = keras.layers.Concatenate()(
        [keras.layers.RNN(cell, go_backwards=back)(x) for back in (False, True)]
    )
    network = KerasNetwork(keras.Model(image, keras.layers.Dense(3, activation="softmax")(x)))
    (index,) = (layer.index for layer in network.layers if layer.kind == "SimpleRNNCell")
    assert sum(index in stage.layers for stage in network.stages) == 2


@pytest.mark.parametrize("name", ["vgg", "nested", "composite", "upward", "attention", "tokens"])
def test_gradients_predict_small_changes_of_the_margin(name: str) -> None:
    model, network = zoo.network(name)
    x = zoo.images_for(model, 2)
    bank = WeightBank(network, 2**20)
    engine = Engine.of(network, bank, x, None, 2**26)
    names = tuple(layer.name for layer in engine.layers)
    plans = [Plan.uniform(names, "original").replace(n, "bitwiseAnd_16") for n in names]
    for i, measurement in enumerate(engine.measure(plans)):
        for row in range(2):
            gradient = network.margin_gradients(x[row : row + 1], int(engine.reference[row]))[i]
            decoded, trained = bank.decoded(i, "bitwiseAnd_16"), network.weights(i)
            arrays = [g.as_array() if isinstance(g, OuterProduct) else g for g in gradient]
            terms = [g * (d - t) for g, d, t in zip(arrays, decoded, trained, strict=True)]
            change = sum(float(term.sum()) for term in terms)
            weight = sum(float(np.abs(term).sum()) for term in terms)
            seen = measurement.margin[row] - engine.baseline.margin[row]
            # What is left is of second order, or float32 noise.
            assert change == pytest.approx(seen, abs=0.05 * weight + 2e-5)


def test_float16_weights_are_refused_with_the_layers_name() -> None:
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, dtype="float16")]
    )
    with pytest.raises(ModelError, match=r"layer 'dense.*' stores float16 weights"):
        KerasNetwork(model)


def test_concatenations_are_run_by_the_narrow_convolutions_that_read_them() -> None:
    _, network = zoo.network("pools")
    index = {layer.name: layer.index for layer in network.layers}
    inputs = {stage.layers[0]: len(stage.inputs) for stage in network.stages if stage.layers}
    assert [inputs[index[name]] for name in ("squeeze", "bare", "normal", "apart")] == [1, 2, 2, 1]
