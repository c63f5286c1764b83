"""Where the walk stops, and that it never profits from luck after a failure."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.propose.path.path import Path
from mpsearch.propose.path.walk import Walk
from mpsearch.values.arrays import Float64Array

quick = settings(deadline=None)
BUDGET = 1.0


def path_of(length: int, has_original: bool = True) -> Path:
    costs = 1e-6 * 2.0 ** (np.arange(length) / 4)
    if has_original:
        costs[0] = 0.0
    return Path(
        tuple((place,) for place in range(length)), costs, np.arange(length, 0, -1, dtype=np.int64)
    )


def walked(walk: Walk, bounds: Float64Array, begun: dict[int, float]) -> list[int]:
    """Positions tested, in order; *begun* grows."""
    order = []
    while (place := walk.next(begun)) is not None:
        assert place not in begun
        order.append(place)
        begun[place] = float(bounds[place])
    return order


curves = st.tuples(
    st.integers(2, 70),
    st.booleans(),
    st.floats(-3, 3),  # where the bound meets the budget, in powers of ten of the expected drop
    st.lists(st.floats(-1, 1), min_size=70, max_size=70),  # noise
)


def made(
    curve: tuple[int, bool, float, list[float]], noise: float
) -> tuple[Walk, Float64Array, Path]:
    length, has_original, factor, deviates = curve
    path = path_of(length, has_original)
    expected = np.sqrt(path.costs / path.costs[-1]) * 3
    bounds = expected * 10.0**factor * np.exp(noise * np.array(deviates[:length]))
    return Walk(path, BUDGET, expected), bounds, path


@quick
@given(curves)
def test_what_is_taken_passed_and_nothing_gentler_failed(
    curve: tuple[int, bool, float, list[float]],
) -> None:
    walk, bounds, _ = made(curve, noise=1.0)
    tested: dict[int, float] = {}
    order = walked(walk, bounds, tested)
    chosen = walk.chosen(tested)
    failed = [place for place in order if bounds[place] > BUDGET]
    if chosen is not None:
        assert bounds[chosen] <= BUDGET
        assert all(place > chosen for place in failed)
    # After a failure only gentler plans are tested.
    for before, place in pairwise(order):
        if bounds[before] > BUDGET:
            assert place < before


@quick
@given(curves)
def test_a_walk_is_short_and_ends_near_the_budget(
    curve: tuple[int, bool, float, list[float]],
) -> None:
    walk, bounds, path = made(curve, noise=0.0)
    tested = {0: 0.0} if path.costs[0] == 0 else {}
    order = walked(walk, bounds, tested)
    assert len(order) <= 16
    good = np.flatnonzero(bounds <= BUDGET)
    chosen = walk.chosen(tested)
    if not len(good):
        assert chosen is None
    elif chosen is not None and path.costs[good[-1]] > 0:
        assert bounds[chosen] >= 0.35 * bounds[good[-1]]


def test_it_is_a_function_of_what_was_tested() -> None:
    walk, bounds, _ = made((60, True, 0.3, [0.0] * 70), noise=0.0)
    tested: dict[int, float] = {0: 0.0}
    order = walked(walk, bounds, tested)
    for count in range(len(order)):
        again = {0: 0.0} | {place: float(bounds[place]) for place in order[:count]}
        assert walk.next(again) == order[count]
