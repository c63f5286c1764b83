"""The whole bytes × damage frontier of a multiple-choice knapsack, in one dynamic programme."""

from collections.abc import Sequence

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray


def frontier(
    nbytes: Sequence[IntArray], damage: Sequence[Float64Array], limit: float, cells: int = 2000
) -> IntArray:
    """The choices of least bytes for every amount of damage up to *limit*.

    Damages are counted in units of ``limit / cells`` above each layer's least, rounded up: a
    choice never does more damage than it was charged with, and the charge of an L-layer choice is
    at most L units too high. Within that grid the frontier is exact.

    Args:
        nbytes: Per layer, shape (choices,).
        damage: Per layer, same shapes, any unit; may be negative.
        limit: Damage above the least possible that is of interest, > 0.
        cells: Resolution.

    Returns:
        One choice per point, shape (points, layers), damage ascending and bytes strictly
        descending. Never empty: the first one has the least damage.
    """
    best = np.full(cells + 1, np.inf)
    best[0] = 0.0
    taken: list[IntArray] = []
    units: list[IntArray] = []
    for sizes, harm in zip(nbytes, damage, strict=True):
        # The tolerance keeps 3 × (limit / 3) from becoming one unit too many.
        charge = np.ceil((harm - harm.min()) / limit * cells - 1e-9)
        unit = np.minimum(charge, cells + 1).astype(np.int64)
        after = np.full(cells + 1, np.inf)
        choice = np.zeros(cells + 1, dtype=np.int64)
        for option in np.argsort(unit, kind="stable"):
            shift = int(unit[option])
            if shift > cells:
                continue
            candidate = best[: cells + 1 - shift] + sizes[option]
            better = candidate < after[shift:]
            after[shift:][better] = candidate[better]
            choice[shift:][better] = option
        best = after
        taken.append(choice)
        units.append(unit)
    return _trace(taken, units, _improvements(best))


def least_nbytes(
    nbytes: Sequence[IntArray], damage: Sequence[Float64Array], limit: float, steps: int = 60
) -> float:
    """A lower bound on the bytes of every choice whose damage is at most *limit*.

    The Lagrangian dual: a price per unit of damage makes the layers independent; the best price
    is found by bisection. Equal to the linear relaxation, hence at most the frontier's value.

    Args:
        nbytes: Per layer, shape (choices,).
        damage: Per layer, same shapes; may be negative.
        limit: Damage allowed.
        steps: Halvings of the price's range.

    Returns:
        Bytes; infinite if no choice keeps the limit.
    """
    if sum(float(harm.min()) for harm in damage) > limit:
        return float("inf")
    low, high = 0.0, 1.0
    best = _dual(nbytes, damage, limit, low)[0]
    while _dual(nbytes, damage, limit, high)[1] > limit and high < 1e30:
        high *= 4
    for _ in range(steps):
        price = (low + high) / 2
        value, harm = _dual(nbytes, damage, limit, price)
        best = max(best, value)
        low, high = (price, high) if harm > limit else (low, price)
    return best


def _dual(
    nbytes: Sequence[IntArray], damage: Sequence[Float64Array], limit: float, price: float
) -> tuple[float, float]:
    """Value of the dual at a price per unit of damage, and the damage of its choice."""
    value, harm = -price * limit, 0.0
    for sizes, harms in zip(nbytes, damage, strict=True):
        option = int(np.argmin(sizes + price * harms))
        value += float(sizes[option] + price * harms[option])
        harm += float(harms[option])
    return value, harm


def _improvements(best: Float64Array) -> IntArray:
    """Cells at which the bytes fall below those of every cell before."""
    before = np.minimum.accumulate(np.concatenate([[np.inf], best[:-1]]))
    return np.flatnonzero(best < before)


def _trace(taken: list[IntArray], units: list[IntArray], cells: IntArray) -> IntArray:
    """The choices that end in *cells*, shape (cells, layers)."""
    choices = np.empty((len(cells), len(taken)), dtype=np.int64)
    for layer in range(len(taken) - 1, -1, -1):
        choices[:, layer] = taken[layer][cells]
        cells = cells - units[layer][choices[:, layer]]
    return choices
