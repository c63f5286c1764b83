"""Plans worth a prediction: few enough to predict all, good enough to contain the best."""

from typing import Final

import numpy as np

from mpsearch.propose.knapsack import frontier
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.cells import Cells, image_weights, rows_at_once, sigmoid
from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.confidence import drops_pp

# How much of a predicted gain is believed: gains are where an optimizer finds a model's errors.
_CREDITS: Final = (1.0, 0.4, 0.0)
_LEAST_LIMIT: Final = 1e-3  # pp; a budget of 0 still has a frontier
_MOST_MOVES: Final = 300  # single changes that are paired with each other


def damage_at(
    cells: Cells, tables: tuple[Float64Array, ...], point: Float64Array
) -> list[Float64Array]:
    """What each choice adds to the drop when the margins have moved by *point* already.

    Args:
        cells: Says how the drop follows from margins.
        tables: Per variable, change of every image's margin, shape (choices, n).
        point: Change of every image's margin, shape (n,).

    Returns:
        Per variable, percentage points, shape (choices,).
    """
    before = sigmoid(cells.margin + point)
    weight = image_weights(drops_pp(cells.confidence, before), cells.metric)
    if not weight.any():  # nothing has fallen yet: all count alike
        weight = np.full_like(weight, 1 / len(weight))
    return [100.0 * ((before - sigmoid(cells.margin + point + table)) @ weight) for table in tables]


def frontier_plans(
    menu: Menu, cells: Cells, tables: tuple[Float64Array, ...], point: Float64Array, limit: float
) -> IntArray:
    """Plans of the knapsack's frontier around an operating point, shape (plans, variables)."""
    damage = damage_at(cells, tables, point)
    pools = []
    for credit in _CREDITS:
        believed = [np.where(harm < 0, credit * harm, harm) for harm in damage]
        pools.append(frontier(menu.nbytes, believed, max(limit, _LEAST_LIMIT)))
    return np.unique(np.concatenate(pools), axis=0)


def uniform_choices(menu: Menu) -> list[tuple[int, ...]]:
    """Every scheme on all layers that accept it; the others get their largest."""
    names = dict.fromkeys(scheme for options in menu.schemes for scheme in options)
    return [
        tuple(
            options.index(name) if name in options else int(np.argmax(sizes))
            for options, sizes in zip(menu.schemes, menu.nbytes, strict=True)
        )
        for name in names
    ]


def single_changes(menu: Menu, start: IntArray) -> IntArray:
    """All plans that differ from *start* in one variable, shape (plans, variables)."""
    moves = _moves(menu, start)
    plans = np.repeat(start[None], len(moves), axis=0)
    plans[np.arange(len(moves)), moves[:, 0]] = moves[:, 1]
    return plans


def double_changes(
    menu: Menu,
    cells: Cells,
    start: IntArray,
    seen: Float64Array,
    limits: tuple[float, float],
    most: int,
) -> IntArray:
    """The most promising plans that differ from *start* in two variables.

    Args:
        menu: The choices.
        cells: Predicts by sums of changes.
        start: The plan to change, shape (variables,).
        seen: Change of the margins under *start*, as known, shape (n,).
        limits: Bytes below which plans are of interest, and the drop they may have.
        most: Plans returned, those of the fewest bytes first.

    Returns:
        Shape (plans, variables).
    """
    moves = _moves(menu, start)
    if not len(moves):
        return start[None][:0]
    saved = np.array([menu.nbytes[v][start[v]] - menu.nbytes[v][o] for v, o in moves], np.int64)
    if len(moves) > _MOST_MOVES:
        heaviest = np.sort(np.argsort(-np.abs(saved), kind="stable")[:_MOST_MOVES])
        moves, saved = moves[heaviest], saved[heaviest]
    change = np.stack([cells.change[v][o] - cells.change[v][start[v]] for v, o in moves])
    earlier, later = np.triu_indices(len(moves), k=1)
    left = menu.total(start.tolist()) - saved[earlier] - saved[later]
    useful = np.flatnonzero((moves[earlier, 0] != moves[later, 0]) & (left < limits[0]))
    useful = useful[np.argsort(left[useful], kind="stable")]
    kept: list[IntArray] = []
    count = 0
    step = min(8192, rows_at_once(len(seen)))
    for first in range(0, len(useful), step):
        some = useful[first : first + step]
        drops = cells.drop_pp(seen + change[earlier[some]] + change[later[some]])
        kept.append(some[drops <= limits[1]])
        count += len(kept[-1])
        if count >= most:
            break
    pairs = np.concatenate(kept)[:most] if kept else np.zeros(0, dtype=np.int64)
    plans = np.repeat(start[None], len(pairs), axis=0)
    for side in (earlier, later):
        picked = moves[side[pairs]]
        plans[np.arange(len(pairs)), picked[:, 0]] = picked[:, 1]
    return plans


def _moves(menu: Menu, start: IntArray) -> IntArray:
    """(variable, option) of every single change, shape (moves, 2)."""
    return np.array(
        [
            (variable, option)
            for variable, sizes in enumerate(menu.nbytes)
            for option in range(len(sizes))
            if option != start[variable]
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
