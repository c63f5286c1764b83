"""The engine's laws, on a network of plain numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy_network import NumpyNetwork, images

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.least_memory import least_memory
from mpsearch.engine.nodes import NodeTable
from mpsearch.engine.weight_bank import TRAINED, WeightBank
from mpsearch.memory.input_images import InputImages
from mpsearch.schemes import parse_scheme
from mpsearch.values.errors import PlanError, SchemeError
from mpsearch.values.plan import Plan

MENU = ("original", "bitwiseAnd_1", "bitwiseAnd_20", "bitwiseAnd_22", "fl16", "fix8")
NAMES = tuple(layer.name for layer in NumpyNetwork().layers)
ENOUGH = 2**24

one_plan = st.builds(Plan, st.just(NAMES), st.tuples(*[st.sampled_from(MENU)] * len(NAMES)))
plans = st.lists(one_plan, min_size=1, max_size=12)


def make_engine(memory: int, count: int = 3) -> tuple[NumpyNetwork, Engine]:
    network = NumpyNetwork()
    return network, Engine.of(network, WeightBank(network, memory), images(count), None, memory)


def judged(network: NumpyNetwork, plan: Plan, count: int) -> np.ndarray[tuple[int, ...], np.dtype]:
    """Probabilities without engine, stages or cache."""
    weights = []
    for i, name in enumerate(plan.schemes):
        scheme = parse_scheme(name)
        weights.append([scheme.decode(scheme.encode(w)) for w in network.weights(i)])
    return network.whole(images(count), weights)


@given(plans, st.sampled_from([0, 1, 300, 5_000, ENOUGH]), st.integers(1, 5))
def test_any_memory_and_any_mix_of_plans_gives_the_whole_networks_answers(
    some: list[Plan], memory: int, count: int
) -> None:
    network, engine = make_engine(memory, count)
    for plan, measurement in zip(some, engine.measure(some), strict=True):
        expected = judged(network, plan, count)
        rows = np.arange(count)
        np.testing.assert_allclose(
            measurement.confidence, expected[rows, engine.reference], atol=5e-6, rtol=0
        )
        np.testing.assert_array_equal(measurement.top1, expected.argmax(axis=1))
        assert measurement.plan == plan


@given(plans, st.permutations(range(12)))
def test_order_and_grouping_of_plans_change_nothing(some: list[Plan], order: list[int]) -> None:
    _, engine = make_engine(ENOUGH)
    together = engine.measure(some)
    _, other = make_engine(2_000)
    for i in [i for i in order if i < len(some)]:
        (alone,) = other.measure([some[i]])
        np.testing.assert_allclose(alone.confidence, together[i].confidence, atol=5e-6, rtol=0)
        np.testing.assert_allclose(alone.margin, together[i].margin, atol=1e-4, rtol=1e-5)


def test_equal_work_is_done_once() -> None:
    network, engine = make_engine(ENOUGH, count=2)
    base = Plan.uniform(NAMES, "original")
    before = network.rows_run
    assert before == 2 * len(network.stages)
    (last,) = engine.measure([base.replace("head", "fix8")])
    assert network.rows_run - before == 2  # only the head, on two images
    assert last.stage_runs == 2
    (left,) = engine.measure([base.replace("left", "fix8")])
    assert left.stage_runs == 2 * 5  # left, add, shared twice, head; not stem, not right


@given(st.lists(one_plan, min_size=9, max_size=40))
def test_nothing_is_run_twice_however_many_waves_the_plans_take(some: list[Plan]) -> None:
    images_each = 64  # a wave has room for eight plans
    network, engine = make_engine(ENOUGH, images_each)
    before = engine.stage_runs
    engine.measure(some)
    table = NodeTable(network.stages, network.output)
    nodes = {n for plan in some for n in table.path(engine.bank.variants(plan.schemes))}
    known = table.path((TRAINED,) * len(NAMES))
    assert engine.stage_runs - before == images_each * len(nodes - set(known))


def test_the_same_plan_twice_costs_once_within_a_call() -> None:
    network, engine = make_engine(ENOUGH)
    plan = Plan.uniform(NAMES, "fix8")
    before = network.rows_run
    first, second = engine.measure([plan, plan])
    assert network.rows_run - before == 3 * len(network.stages)
    assert sorted([first.stage_runs, second.stage_runs]) == [0, 3 * len(network.stages)]
    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_a_scheme_that_changes_nothing_costs_nothing() -> None:
    network = NumpyNetwork()
    for layer in range(len(NAMES)):
        for array in network.trained(layer):
            array[...] = array.astype(np.float16)  # every weight is a half already
    engine = Engine.of(network, WeightBank(network, ENOUGH), images(2), None, ENOUGH)
    before = network.rows_run
    (measurement,) = engine.measure([Plan.uniform(NAMES, "fl16")])
    assert network.rows_run == before
    assert measurement.stage_runs == 0
    assert measurement.nbytes == engine.baseline.nbytes // 2


def test_cumulative_over_one_layer_is_per_layer_and_over_all_is_uniform() -> None:
    _, engine = make_engine(ENOUGH)
    base = Plan.uniform(NAMES, "original")
    first, everything = engine.measure(
        [base.replace(NAMES[0], "fix8"), Plan.uniform(NAMES, "fix8")]
    )
    cumulative = [
        Plan(NAMES, ("fix8",) * (i + 1) + ("original",) * (len(NAMES) - i - 1))
        for i in range(len(NAMES))
    ]
    found = engine.measure(cumulative)
    np.testing.assert_allclose(found[0].confidence, first.confidence, atol=5e-6)
    np.testing.assert_allclose(found[-1].confidence, everything.confidence, atol=5e-6)


def test_each_measurement_is_reported_as_soon_as_it_is_known() -> None:
    _, engine = make_engine(600)
    some = [Plan.uniform(NAMES, scheme) for scheme in MENU]
    seen: list[Plan] = []
    engine.measure(some, on_measured=lambda m: seen.append(m.plan))
    assert sorted(p.schemes for p in seen) == sorted(p.schemes for p in some)


def test_truth_replaces_the_baselines_own_answer() -> None:
    network = NumpyNetwork()
    truth = np.array([3, 1], dtype=np.int64)
    engine = Engine.of(network, WeightBank(network, ENOUGH), images(2), truth, ENOUGH)
    expected = judged(network, Plan.uniform(NAMES, "original"), 2)
    np.testing.assert_allclose(engine.baseline.confidence, expected[[0, 1], truth], atol=5e-6)


def test_a_plan_of_other_layers_is_refused() -> None:
    _, engine = make_engine(ENOUGH)
    with pytest.raises(PlanError, match="another model"):
        engine.measure([Plan(("a",), ("fix8",))])


def test_a_scheme_that_refuses_a_layer_names_the_layer() -> None:
    network = NumpyNetwork(scale=1e5)
    engine = Engine.of(network, WeightBank(network, ENOUGH), images(1), None, ENOUGH)
    with pytest.raises(SchemeError, match=r"layer 'stem' kernel: fl16 cannot store"):
        engine.measure([Plan.uniform(NAMES, "fl16")])
    assert "fl16 cannot store" in (engine.bank.refusal(0, "fl16") or "")
    assert engine.bank.refusal(0, "fix8") is None


@given(plans)
def test_what_was_released_is_computed_again(some: list[Plan]) -> None:
    _, engine = make_engine(ENOUGH)
    before = engine.measure(some)
    engine.release()
    for one, other in zip(before, engine.measure(some[::-1])[::-1], strict=True):
        np.testing.assert_allclose(one.confidence, other.confidence, atol=5e-6, rtol=0)
    np.testing.assert_allclose(
        engine.baseline_probabilities, judged(NumpyNetwork(), engine.baseline.plan, 3), atol=5e-6
    )


@pytest.mark.parametrize("memory", [0, ENOUGH])
def test_images_in_a_file_are_measured_as_those_in_memory(memory: int) -> None:
    array = images(7)
    network = NumpyNetwork()
    inputs = InputImages.kept(array.shape, iter([array[:3], array[3:]]), 0)
    some = [Plan.uniform(NAMES, scheme) for scheme in MENU]
    engines = [Engine.of(network, WeightBank(network, 0), x, None, memory) for x in (array, inputs)]
    one, other = (engine.measure(some) for engine in engines)
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left.confidence, right.confidence)
        np.testing.assert_array_equal(left.top_probabilities, right.top_probabilities)


def test_every_piece_of_the_baseline_is_shown() -> None:
    seen: list[np.ndarray] = []
    network = NumpyNetwork()
    engine = Engine.of(network, WeightBank(network, 0), images(5), None, 1, on_baseline=seen.append)
    np.testing.assert_array_equal(np.concatenate(seen), engine.baseline_probabilities)


def test_the_least_memory_has_room_for_any_layer_and_any_image() -> None:
    network = NumpyNetwork()
    least = least_memory(network, images(1).nbytes)
    assert least >= 4 * max(layer.original_nbytes for layer in network.layers)
    assert least >= 4 * max(sum(stage.output_nbytes) for stage in network.stages)
