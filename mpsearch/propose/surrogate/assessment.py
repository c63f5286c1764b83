"""How good the model turned out to be, and the least bytes any plan could have if it were right."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.knapsack import least_nbytes
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.candidates import damage_at
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.observed import MOST_FITTED, Observed
from mpsearch.propose.surrogate.posterior import Posterior
from mpsearch.values.arrays import Float64Array

_FEWEST: Final = 4  # plans from which an error can be told
_REACH: Final = 3.0  # budgets; plans far beyond the limit say nothing about it


@dataclass(frozen=True, slots=True)
class Assessment:
    """How well the fitted model predicts.

    Attributes:
        bound_nbytes: No plan has fewer bytes if the model, linear in each layer around the best
            plan, is right. It is not: this is no proof. None without a budget or a best plan.
        plans: Measured plans the errors below were taken on, each predicted without itself.
        r2: Share of the variance of their drops that was predicted; None for too few plans.
        misranked: Share of pairs of them predicted in the wrong order; None for too few plans.
    """

    bound_nbytes: int | None
    plans: int
    r2: float | None
    misranked: float | None


def assess(menu: Menu, cells: Cells, goal: Goal, seen: Observed) -> Assessment:
    """Judge the model by the plans that were measured, those nearest the limit if many."""
    best = _best(goal, seen)
    seen = seen.only(seen.nearest(goal, MOST_FITTED))
    posterior = Posterior(cells, seen.choices, seen.change)
    believed = cells.drop_pp(posterior.left_out().change)
    reach = _REACH * goal.budget_pp + 1 if goal.budget_pp is not None else np.inf
    near = (seen.drop_pp <= reach) & (seen.drop_pp > 0)
    r2 = misranked = None
    if np.count_nonzero(near) >= _FEWEST:
        r2 = _r2(seen.drop_pp[near], believed[near])
        misranked = _misranked(seen.drop_pp[near], believed[near])
    bound = None if best is None else _bound(menu, cells, posterior, goal, best)
    return Assessment(bound, int(np.count_nonzero(near)), r2, misranked)


def _best(goal: Goal, seen: Observed) -> Observed | None:
    """The smallest plan within the budget alone, or None."""
    if goal.budget_pp is None:
        return None
    inside = np.flatnonzero(seen.drop_pp <= goal.budget_pp)
    return seen.only(inside[[np.argmin(seen.nbytes[inside])]]) if len(inside) else None


def _bound(menu: Menu, cells: Cells, posterior: Posterior, goal: Goal, best: Observed) -> int:
    assert goal.budget_pp is not None
    tables = tuple(
        table - table[option]
        for table, option in zip(posterior.corrected(), best.choices[0], strict=True)
    )
    damage = damage_at(cells, tables, best.change[0])
    least = least_nbytes(menu.nbytes, damage, goal.budget_pp - float(best.drop_pp[0]))
    return min(int(np.ceil(least - 1e-6)), int(best.nbytes[0]))


def _r2(truth: Float64Array, believed: Float64Array) -> float:
    spread = np.square(truth - truth.mean()).sum()
    return float(1 - np.square(truth - believed).sum() / max(float(spread), 1e-12))


def _misranked(truth: Float64Array, believed: Float64Array) -> float:
    wrong = [
        (truth[i] - truth[j]) * (believed[i] - believed[j]) < 0
        for i, j in combinations(range(len(truth)), 2)
    ]
    return float(np.mean(wrong))
