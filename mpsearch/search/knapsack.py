"""The whole bytes × damage frontier of a multiple-choice knapsack, in one dynamic programme."""

from collections.abc import Sequence

import numpy as np

from mpsearch.core.arrays import Float64Array, IntArray
from mpsearch.search.menu import Choice


def frontier(
    nbytes: Sequence[IntArray], damage: Sequence[Float64Array], limit: float, cells: int = 2000
) -> list[Choice]:
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
        One choice per point, damage ascending and bytes strictly descending. Never empty: the
        first one has the least damage.
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
    return [_trace(taken, units, int(cell)) for cell in _improvements(best)]


def _improvements(best: Float64Array) -> IntArray:
    """Cells at which the bytes fall below those of every cell before."""
    before = np.minimum.accumulate(np.concatenate([[np.inf], best[:-1]]))
    return np.flatnonzero(best < before)


def _trace(taken: list[IntArray], units: list[IntArray], cell: int) -> Choice:
    choice = []
    for options, unit in zip(reversed(taken), reversed(units), strict=True):
        option = int(options[cell])
        choice.append(option)
        cell -= int(unit[option])
    return tuple(reversed(choice))
