"""Where on the path to stop: tests on held-back images, from the gentlest plan to the smallest.

Plans are tested in an order that was fixed without the held-back images, and the first plan whose
upper bound is over the budget ends it; :meth:`~mpsearch.propose.goal.Goal.ranked` has the reason.
Plans may be skipped on the way; none is tested after a failure, but for one case: where the first
plan that was tested fails, the walk begins again further up.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from mpsearch.propose.path.path import Path
from mpsearch.values.arrays import Float64Array

_BEGIN: Final = 0.4  # of the budget: the drop that the first plan is expected to have
_BACK: Final = 8.0  # by how much less cost the walk begins again
_CAREFUL: Final = 0.6  # of the way to where the bound would meet the budget, in one step
_LARGEST_STEP: Final = 16.0  # factor of the cost
_POWER: Final = 0.5  # of the cost with which drops grow: changes of the margins are its root
_POWERS: Final = (0.4, 1.2)
_LEAST_PP: Final = 1e-9


class Walk:
    """Says which plan of a path to test next, and which of the tested ones to take.

    Args:
        path: The plans.
        budget_pp: Largest drop allowed, percentage points.
        expected_pp: Drop that each plan is expected to have, percentage points, shape (plans,).
    """

    def __init__(self, path: Path, budget_pp: float, expected_pp: Float64Array) -> None:
        self._path, self.budget_pp, self._expected = path, budget_pp, expected_pp

    def next(self, bounds: Mapping[int, float]) -> int | None:
        """Position of the plan to test next; None if the walk has ended.

        Args:
            bounds: Position of each plan tested → upper bound of its drop, percentage points.
        """
        failed = min((at for at, bound in bounds.items() if bound > self.budget_pp), default=None)
        passed = self.chosen(bounds)
        first = 0 if passed is None else passed + 1
        if passed is not None and self._path.costs[passed] > 0:
            following = self._after(passed, bounds)
        elif failed is None:
            following = max(first, self._beginning)
        else:
            following = max(first, self._before(failed))
        return following if following < (len(self._path) if failed is None else failed) else None

    def chosen(self, bounds: Mapping[int, float]) -> int | None:
        """Position of the smallest plan that passed, none gentler having failed; None if none."""
        failed = min(
            (at for at, bound in bounds.items() if bound > self.budget_pp), default=math.inf
        )
        return max((at for at in bounds if at < failed), default=None)

    @property
    def _beginning(self) -> int:
        fine = np.flatnonzero(self._expected <= _BEGIN * self.budget_pp)
        return int(fine[-1]) if len(fine) else 0

    def _before(self, at: int) -> int:
        """The plan to begin again with after a first failure."""
        return int(np.searchsorted(self._path.costs, self._path.costs[at] / _BACK, "right")) - 1

    def _after(self, at: int, bounds: Mapping[int, float]) -> int:
        """The plan whose bound should be at most a share of the way to the budget."""
        room = self.budget_pp / max(bounds[at], _LEAST_PP)
        factor = room ** (_CAREFUL / self._power(at, bounds))
        cost = self._path.costs[at] * min(factor, _LARGEST_STEP)
        return max(at + 1, int(np.searchsorted(self._path.costs, cost, "right")) - 1)

    def _power(self, at: int, bounds: Mapping[int, float]) -> float:
        """The power of the cost with which the bound grows, from the nearest plan tested."""
        costs = self._path.costs
        others = [place for place in bounds if place != at and costs[place] > 0]
        if not others:
            return _POWER
        other = min(others, key=lambda place: (place < at, abs(place - at)))
        grown = math.log(max(bounds[other], _LEAST_PP) / max(bounds[at], _LEAST_PP))
        power = grown / math.log(costs[other] / costs[at])
        return min(max(power, _POWERS[0]), _POWERS[1])
