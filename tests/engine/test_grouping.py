"""Which nodes run as one call."""

from collections.abc import Sequence

from numpy_network import NumpyNetwork

from mpsearch.engine.grouping import groups
from mpsearch.engine.nodes import NodeTable

LEFT, RIGHT, ADD, SHARED = 1, 2, 3, 4  # stages; the layers of the first two have the same numbers


def nodes_at(table: NodeTable, stage: int, changes: Sequence[tuple[int, ...]]) -> list[int]:
    """The stage's node of plans with these variants."""
    return list(dict.fromkeys(table.path(variants)[stage] for variants in changes))


def changed(layer: int, variants: range) -> list[tuple[int, ...]]:
    return [tuple(v if i == layer else 0 for i in range(5)) for v in variants]


def make() -> tuple[NumpyNetwork, NodeTable]:
    network = NumpyNetwork()
    return network, NodeTable(network.stages, network.output)


def test_nodes_that_share_an_input_run_together_where_it_need_not_be_repeated() -> None:
    network, table = make()
    left = nodes_at(table, ADD, changed(LEFT, range(1, 11)))
    right = nodes_at(table, ADD, changed(RIGHT, range(1, 12)))
    both = nodes_at(table, ADD, changed(0, range(1, 4)))
    assert groups(network, table, ADD, left + both + right, 1) == [left, both, right]


def test_sharing_that_spares_little_makes_no_call_of_its_own() -> None:
    network, table = make()
    nodes = nodes_at(table, ADD, changed(LEFT, range(1, 4)) + changed(RIGHT, range(1, 4)))
    assert groups(network, table, ADD, nodes, 1) == [nodes]
    assert groups(network, table, ADD, nodes, 4) == [nodes[:3], nodes[3:]]


def test_a_stage_that_needs_all_its_inputs_runs_as_one() -> None:
    network, table = make()
    nodes = nodes_at(table, SHARED, changed(LEFT, range(1, 11)) + changed(RIGHT, range(1, 11)))
    assert groups(network, table, SHARED, nodes, 1) == [nodes]


def test_weight_sets_are_stacked_on_any_images_or_only_on_the_same() -> None:
    network, table = make()
    plans = [(stem, v, v, 0, 0) for stem in (0, 1) for v in (1, 2, 3)]
    left, right = (nodes_at(table, stage, plans) for stage in (LEFT, RIGHT))
    assert groups(network, table, LEFT, left, 1) == [
        sorted(left, key=lambda n: table[n].variants),
    ]
    same_stem = nodes_at(table, RIGHT, plans[:3])
    assert groups(network, table, RIGHT, same_stem, 4) == [same_stem]
    assert groups(network, table, RIGHT, same_stem, 5) == [[node] for node in same_stem]
    assert groups(network, table, RIGHT, right, 1) == [[right[i], right[i + 3]] for i in range(3)]
