"""One scheme per weight layer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.values.errors import PlanError
from mpsearch.values.plan import Plan

LAYERS = ("conv1", "conv2", "dense")
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
plans = st.lists(names, unique=True, max_size=5).flatmap(
    lambda layers: st.builds(
        Plan, st.just(tuple(layers)), st.tuples(*[st.sampled_from(["fix8", "fl16"])] * len(layers))
    )
)


def test_replace_changes_one_layer_of_a_copy() -> None:
    plan = Plan.uniform(LAYERS, "original")
    changed = plan.replace("conv2", "fix8")
    assert changed.schemes == ("original", "fix8", "original")
    assert changed.layers == LAYERS
    assert plan.schemes == ("original",) * 3


def test_replacing_a_scheme_by_itself_gives_an_equal_plan() -> None:
    plan = Plan(LAYERS, ("fix8", "fl16", "original"))
    for layer, scheme in plan.as_mapping().items():
        assert plan.replace(layer, scheme) == plan


def test_replacing_every_layer_gives_the_uniform_plan() -> None:
    plan = Plan(LAYERS, ("fix8", "fl16", "original"))
    for layer in LAYERS:
        plan = plan.replace(layer, "fl16")
    assert plan == Plan.uniform(LAYERS, "fl16")


@given(plans)
def test_a_mapping_gives_its_plan_back_in_any_order(plan: Plan) -> None:
    backwards = dict(reversed(plan.as_mapping().items()))
    assert Plan.from_mapping(plan.layers, backwards) == plan
    assert list(plan.as_mapping()) == list(plan.layers)


def test_a_missing_layer_is_counted_and_the_first_named() -> None:
    with pytest.raises(PlanError, match="2 layers have no scheme, first 'conv2'"):
        Plan.from_mapping(LAYERS, {"conv1": "fix8"})


def test_an_unknown_layer_is_counted_and_the_first_named() -> None:
    chosen = dict.fromkeys(LAYERS, "fix8") | {"other": "fix8", "another": "fix8"}
    with pytest.raises(PlanError, match="2 are not in the model, first 'other'"):
        Plan.from_mapping(LAYERS, chosen)


def test_missing_and_unknown_layers_are_told_together() -> None:
    with pytest.raises(PlanError, match=r"first 'conv1';.*first 'x'; use a plan made for this"):
        Plan.from_mapping(LAYERS, {"x": "fix8", "conv2": "fix8", "dense": "fix8"})


def test_another_number_of_schemes_than_layers_is_refused() -> None:
    with pytest.raises(PlanError, match="has 2 schemes, the model 3 weight layers"):
        Plan(LAYERS, ("fix8", "fl16"))


def test_a_layer_named_twice_is_refused() -> None:
    with pytest.raises(PlanError, match="names a layer twice"):
        Plan(("a", "b", "a"), ("fix8", "fix8", "fix8"))


@given(plans, plans)
def test_equal_plans_and_no_others_have_equal_digests(one: Plan, other: Plan) -> None:
    assert Plan(one.layers, one.schemes).digest == one.digest
    assert (one.digest == other.digest) == (one == other)


def test_the_digest_depends_on_order_layers_and_schemes() -> None:
    plan = Plan(("a", "b"), ("x", "y"))
    others = [
        Plan(("b", "a"), ("y", "x")),
        Plan(("a", "b"), ("y", "x")),
        Plan(("a", "c"), ("x", "y")),
        Plan(("a,b",), ("x,y",)),
        Plan(("x", "y"), ("a", "b")),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == 6


def test_the_digest_is_the_same_in_every_run() -> None:
    # sha256 of '[["a"], ["fix8"]]', first 16 digits: studies keep it.
    assert Plan(("a",), ("fix8",)).digest == "f0ebf9af56d87362"


def test_equal_plans_are_one_key() -> None:
    assert len({Plan(("a",), ("x",)), Plan(("a",), ("x",)), Plan(("a",), ("y",))}) == 2
