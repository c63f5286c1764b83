"""The path against all plans there are."""

from itertools import product

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mpsearch.propose.menu import Menu
from mpsearch.propose.path.path import Path, costs_of, gentlest_within, total_cost
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.values.arrays import Float64Array

quick = settings(deadline=None)
_GRAIN = 3 / 600  # each of at most three layers is charged one cell too much

Layers = list[list[tuple[int, float]]]
layers = st.lists(
    st.lists(st.tuples(st.integers(1, 50), st.floats(0, 5)), min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


def made(instance: Layers) -> tuple[Menu, list[Float64Array]]:
    menu = Menu(
        layers=tuple(f"l{i}" for i in range(len(instance))),
        variables=tuple((i,) for i in range(len(instance))),
        schemes=tuple(tuple(f"s{o}" for o in range(len(layer))) for layer in instance),
        nbytes=tuple(np.array([size for size, _ in layer], np.int64) for layer in instance),
    )
    return menu, [np.array([cost for _, cost in layer]) for layer in instance]


def every(instance: Layers) -> list[tuple[int, ...]]:
    return list(product(*(range(len(layer)) for layer in instance)))


@quick
@given(layers)
def test_no_plan_is_gentler_and_as_small_as_one_of_the_path(instance: Layers) -> None:
    menu, costs = made(instance)
    path = Path.of(menu, costs)
    assert np.all(np.diff(path.nbytes) < 0)
    assert np.all(np.diff(path.costs) >= 0)
    range_ = sum(float(cost.max() - cost.min()) for cost in costs)
    least = sum(float(cost.min()) for cost in costs)
    for choice, cost, nbytes in zip(path.choices, path.costs, path.nbytes, strict=True):
        assert menu.total(choice) == nbytes
        assert np.isclose(total_cost(costs, choice), cost)
        # The limit of its knapsack was at most a doubling's quarter above, and has a grain.
        allowed = (cost - least) * (1 - 4 * _GRAIN) - 1e-9 * range_
        smaller = [
            menu.total(other)
            for other in every(instance)
            if total_cost(costs, other) - least < allowed
        ]
        assert all(nbytes <= size for size in smaller)


@quick
@given(layers)
def test_the_path_goes_from_the_gentlest_to_the_smallest(instance: Layers) -> None:
    menu, costs = made(instance)
    path = Path.of(menu, costs)
    assert np.isclose(path.costs[0], min(total_cost(costs, choice) for choice in every(instance)))
    assert path.nbytes[-1] == menu.total(menu.smallest)


@quick
@example([[(1, 0.0), (1, 5e-324)]], 0.0)
@example([[(1, 5.0), (2, 5e-324)], [(1, 1e-300), (2, 0.0)]], 1.0)
@given(layers, st.floats(0, 1.2))
def test_within_a_size_the_gentlest_is_found(instance: Layers, share: float) -> None:
    menu, costs = made(instance)
    limit = int(share * sum(int(sizes.max()) for sizes in menu.nbytes))
    choice = gentlest_within(menu, costs, limit)
    inside = [other for other in every(instance) if menu.total(other) <= limit]
    if not inside:
        assert menu.total(choice) == menu.total(menu.smallest)
        return
    assert menu.total(choice) <= limit
    best = min(total_cost(costs, other) for other in inside)
    range_ = sum(float(cost.max() - cost.min()) for cost in costs)
    assert total_cost(costs, choice) <= best + 3 / 8000 * range_ + 1e-9


def test_a_plan_that_sharpens_costs_as_much_as_one_that_blurs() -> None:
    change = np.array([[0.0, 0.0], [0.3, 0.3], [-0.3, -0.3]])
    cells = Cells(
        "mean", np.full(2, 0.5), np.zeros(2), (change,), (np.zeros(3),), (np.ones(3, bool),)
    )
    (cost,) = costs_of(cells)
    assert cost[0] == 0
    assert np.isclose(cost[1], cost[2])
