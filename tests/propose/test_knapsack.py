"""The bytes × damage frontier, against all choices there are."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.propose.knapsack import frontier, least_nbytes
from mpsearch.values.arrays import Float64Array, IntArray

CELLS = 64

# Per layer, its choices as (bytes, damage).
Layers = list[list[tuple[int, float]]]
quick = settings(deadline=None)


def instances(damages: st.SearchStrategy[Any]) -> st.SearchStrategy[Layers]:
    choice = st.tuples(st.integers(0, 50), damages)
    layer = st.lists(choice, min_size=1, max_size=5)
    return st.lists(layer, min_size=1, max_size=4)


whole = instances(st.integers(-20, 40))
real = instances(st.floats(-5, 5))


def solved(layers: Layers, limit: float, cells: int) -> list[tuple[int, ...]]:
    points = frontier(*arrays(layers), limit, cells)
    return [tuple(point) for point in points.tolist()]


def arrays(layers: Layers) -> tuple[list[IntArray], list[Float64Array]]:
    return (
        [np.array([size for size, _ in layer], dtype=np.int64) for layer in layers],
        [np.array([harm for _, harm in layer], dtype=np.float64) for layer in layers],
    )


def choices(layers: Layers) -> Iterator[tuple[int, ...]]:
    return product(*(range(len(layer)) for layer in layers))


def size(layers: Layers, choice: tuple[int, ...]) -> int:
    return sum(layer[c][0] for layer, c in zip(layers, choice, strict=True))


def harm(layers: Layers, choice: tuple[int, ...]) -> Fraction:
    """Damage above the least possible, exactly."""
    return sum(
        (
            Fraction(layer[c][1]) - min(Fraction(other) for _, other in layer)
            for layer, c in zip(layers, choice, strict=True)
        ),
        start=Fraction(0),
    )


@quick
@given(whole, st.integers(1, CELLS))
def test_on_its_grid_no_choice_of_at_most_a_points_damage_has_fewer_bytes(
    layers: Layers, limit: int
) -> None:
    # Whole damages, and cells as many as the limit: every charge is the damage itself.
    points = solved(layers, limit, limit)
    everything = [(harm(layers, choice), size(layers, choice)) for choice in choices(layers)]
    for point in points:
        least = min(s for h, s in everything if h <= harm(layers, point))
        assert size(layers, point) == least


@quick
@given(whole, st.integers(1, CELLS))
def test_on_its_grid_every_choice_within_the_limit_is_matched_by_a_point(
    layers: Layers, limit: int
) -> None:
    points = [(harm(layers, p), size(layers, p)) for p in solved(layers, limit, limit)]
    for choice in choices(layers):
        h, s = harm(layers, choice), size(layers, choice)
        if h <= limit:
            assert any(ph <= h and ps <= s for ph, ps in points)


@quick
@given(whole, st.integers(1, CELLS))
def test_on_its_grid_damage_rises_from_point_to_point(layers: Layers, limit: int) -> None:
    damages = [harm(layers, point) for point in solved(layers, limit, limit)]
    assert all(a < b for a, b in pairwise(damages))


@quick
@given(real, st.floats(0.01, 20), st.integers(1, CELLS))
def test_bytes_fall_strictly_from_point_to_point(layers: Layers, limit: float, cells: int) -> None:
    sizes = [size(layers, point) for point in solved(layers, limit, cells)]
    assert all(a > b for a, b in pairwise(sizes))


@quick
@given(real, st.floats(0.01, 20), st.integers(1, CELLS))
def test_the_first_point_does_the_least_damage(layers: Layers, limit: float, cells: int) -> None:
    first, *_ = solved(layers, limit, cells)
    # What the charge tolerates, a billionth of a cell per layer.
    tolerance = Fraction(limit) / cells * len(layers) / 10**9 * 2
    assert harm(layers, first) <= tolerance


@quick
@given(real, st.floats(0.01, 20), st.integers(1, CELLS))
def test_no_point_does_more_damage_than_the_limit(layers: Layers, limit: float, cells: int) -> None:
    tolerance = Fraction(limit) / cells * len(layers) / 10**9 * 2
    for point in solved(layers, limit, cells):
        assert harm(layers, point) <= Fraction(limit) + tolerance


@quick
@given(real, st.floats(0.01, 20), st.integers(1, CELLS))
def test_a_choice_is_matched_if_a_unit_per_layer_still_fits_the_limit(
    layers: Layers, limit: float, cells: int
) -> None:
    slack = Fraction(limit) / cells * len(layers)
    points = [(harm(layers, p), size(layers, p)) for p in solved(layers, limit, cells)]
    for choice in choices(layers):
        h, s = harm(layers, choice), size(layers, choice)
        if h + slack <= limit:
            assert any(ph <= h + slack and ps <= s for ph, ps in points)


@quick
@given(real, st.floats(0.01, 20))
def test_among_many_cells_points_are_charged_their_damage_to_within_a_cell_per_layer(
    layers: Layers, limit: float
) -> None:
    cells = 5000
    points = [(harm(layers, p), size(layers, p)) for p in solved(layers, limit, cells)]
    slack = Fraction(limit) / cells * len(layers)
    everything = [(harm(layers, choice), size(layers, choice)) for choice in choices(layers)]
    for damage, least in points:
        assert all(s >= least for h, s in everything if h <= damage - slack)


@quick
@given(whole, st.integers(1, CELLS), st.integers(-100, 100))
def test_damages_count_from_the_least_of_each_layer(layers: Layers, limit: int, shift: int) -> None:
    shifted = [[(s, h + shift * i) for s, h in layer] for i, layer in enumerate(layers)]
    assert solved(shifted, limit, limit) == solved(layers, limit, limit)


@pytest.mark.parametrize("parts", [3, 7, 10, 49, 99])
def test_several_parts_of_the_limit_are_charged_as_that_many(parts: int) -> None:
    # As a float, 3 × (0.7 / 49) is a little more than 3 of 49 parts of 0.7.
    limit = 0.7
    layers: Layers = [[(parts - k, k * (limit / parts)) for k in range(parts + 1)]]
    assert solved(layers, limit, parts) == [(k,) for k in range(parts + 1)]


def test_more_damage_than_any_limit_is_never_chosen() -> None:
    layers: Layers = [[(100, 0.0), (0, 1e300)], [(10, 0.0), (0, 0.5)]]
    assert solved(layers, 1.0, CELLS) == [(0, 0), (0, 1)]


def test_one_choice_per_layer_leaves_one_point() -> None:
    assert solved([[(3, 5.0)], [(4, -2.0)]], 1.0, CELLS) == [(0, 0)]


def test_bytes_of_the_largest_networks_stay_exact() -> None:
    layers: Layers = [[(2**51, 0.0), (2**51 - 1, 1.0)], [(1, 0.0), (0, 1.0)]]
    assert [size(layers, p) for p in solved(layers, 2, 2)] == [2**51 + 1, 2**51, 2**51 - 1]


@quick
@given(real, st.floats(0, 20))
def test_the_dual_bound_is_below_the_best_choice_and_above_nothing(
    layers: Layers, room: float
) -> None:
    least = sum(min(h for _, h in layer) for layer in layers)
    limit = least + room
    # The best choice may go over the limit by rounding; the bound has to allow for more of it.
    bound = least_nbytes(*arrays(layers), limit + 2e-9)
    best = min(
        size(layers, choice)
        for choice in choices(layers)
        if sum(layer[c][1] for layer, c in zip(layers, choice, strict=True)) <= limit + 1e-9
    )
    smallest = sum(min(s for s, _ in layer) for layer in layers)
    assert smallest - 1e-6 <= bound <= best + 1e-6


@quick
@given(whole, st.integers(1, CELLS))
def test_the_dual_bound_is_below_the_frontier_by_less_than_one_layers_range(
    layers: Layers, room: int
) -> None:
    limit = sum(min(h for _, h in layer) for layer in layers) + room
    bound = least_nbytes(*arrays(layers), limit)
    exact = size(layers, solved(layers, room, room)[-1])
    # The linear relaxation splits one layer's choice at most (Sinha and Zoltners 1979).
    widest = max(max(s for s, _ in layer) - min(s for s, _ in layer) for layer in layers)
    assert exact - widest - 1e-6 <= bound <= exact + 1e-6


def test_nothing_keeps_a_limit_below_the_least_damage() -> None:
    assert least_nbytes(*arrays([[(3, 1.0)], [(4, 2.0)]]), 2.9) == float("inf")
