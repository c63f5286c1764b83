"""All plans that a search has measured so far."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mpsearch.propose.front import front
from mpsearch.propose.goal import Goal
from mpsearch.values.arrays import Float64Array
from mpsearch.values.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One measured plan.

    Attributes:
        plan: The plan that was measured.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Drop under the study's metric, percentage points.
        confidence: Per image, shape (n,).
        margin: Log-odds per image, shape (n,).
        origin: Who proposed it: ``original``, ``surrogate``, ``polish``, ``uniform``, ``tpe``, …
        stage_runs: Stage evaluations that measuring took; 0 if the plan was measured before.
    """

    plan: Plan
    nbytes: int
    drop_pp: float
    confidence: Float64Array
    margin: Float64Array
    origin: str
    stage_runs: int


class History:
    """Plans measured, in order, none twice.

    Args:
        goal: Budget, size limit or front that is asked for.
    """

    def __init__(self, goal: Goal, tried: Iterable[Tried] = ()) -> None:
        self.goal = goal
        self.tried: list[Tried] = []
        self._plans: dict[Plan, Tried] = {}
        #: The best feasible plan, or None.
        self.best: Tried | None = None
        #: The plan that breaks the limit least, or None if nothing was measured.
        self.nearest: Tried | None = None
        for one in tried:
            self.add(one)

    def add(self, one: Tried) -> None:
        """Remember *one*; a plan that is there already is ignored."""
        if one.plan in self._plans:
            return
        self._plans[one.plan] = one
        self.tried.append(one)
        if self.feasible(one) and (self.best is None or self.key(one) < self.key(self.best)):
            self.best = one
        if self.nearest is None or self._distance(one) < self._distance(self.nearest):
            self.nearest = one

    def __contains__(self, plan: Plan) -> bool:
        return plan in self._plans

    def __len__(self) -> int:
        return len(self.tried)

    def get(self, plan: Plan) -> Tried | None:
        """What was measured of *plan*, or None."""
        return self._plans.get(plan)

    def feasible(self, one: Tried) -> bool:
        """Whether a plan keeps the limit."""
        return self.goal.feasible(one.nbytes, one.drop_pp)

    def key(self, one: Tried) -> tuple[float, float, tuple[str, ...]]:
        """The smaller the better, among feasible plans."""
        return (*self.goal.key(one.nbytes, one.drop_pp), one.plan.schemes)

    @property
    def ranked(self) -> list[Tried]:
        """Feasible plans, the best first."""
        return sorted((one for one in self.tried if self.feasible(one)), key=self.key)

    def _distance(self, one: Tried) -> tuple[float, int]:
        return self.goal.excess(one.nbytes, one.drop_pp), one.nbytes

    @property
    def front(self) -> list[Tried]:
        """Plans that no other beats in both bytes and drop, the smallest first."""
        tried = sorted(self.tried, key=lambda one: one.plan.schemes)
        nbytes = np.array([one.nbytes for one in tried], dtype=np.int64)
        drop_pp = np.array([one.drop_pp for one in tried], dtype=np.float64)
        return [tried[place] for place in front(nbytes, drop_pp)]
