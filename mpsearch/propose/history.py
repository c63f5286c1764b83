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

    def __init__(self, goal: Goal, plans: Iterable[Tried] = ()) -> None:
        self.goal = goal
        self.tried: list[Tried] = []
        self._plans: dict[Plan, Tried] = {}
        #: The best feasible plan, or None.
        self.best: Tried | None = None
        #: The plan that breaks the limit least, or None if nothing was measured.
        self.nearest: Tried | None = None
        for tried in plans:
            self.add(tried)

    def add(self, tried: Tried) -> None:
        """Remember *tried*; a plan that is there already is ignored."""
        if tried.plan in self._plans:
            return
        self._plans[tried.plan] = tried
        self.tried.append(tried)
        if self.feasible(tried) and (self.best is None or self.key(tried) < self.key(self.best)):
            self.best = tried
        if self.nearest is None or self._distance(tried) < self._distance(self.nearest):
            self.nearest = tried

    def __contains__(self, plan: Plan) -> bool:
        return plan in self._plans

    def __len__(self) -> int:
        return len(self.tried)

    def get(self, plan: Plan) -> Tried | None:
        """What was measured of *plan*, or None."""
        return self._plans.get(plan)

    def feasible(self, tried: Tried) -> bool:
        """Whether a plan keeps the limit."""
        return self.goal.feasible(tried.nbytes, tried.drop_pp)

    def key(self, tried: Tried) -> tuple[float, float, tuple[str, ...]]:
        """The smaller the better, among feasible plans."""
        return (*self.goal.key(tried.nbytes, tried.drop_pp), tried.plan.schemes)

    @property
    def ranked(self) -> list[Tried]:
        """Feasible plans, the best first."""
        return sorted((tried for tried in self.tried if self.feasible(tried)), key=self.key)

    def _distance(self, tried: Tried) -> tuple[float, int]:
        return self.goal.excess(tried.nbytes, tried.drop_pp), tried.nbytes

    @property
    def front(self) -> list[Tried]:
        """Plans that no other beats in both bytes and drop, the smallest first."""
        plans = sorted(self.tried, key=lambda tried: tried.plan.schemes)
        nbytes = np.array([tried.nbytes for tried in plans], dtype=np.int64)
        drop_pp = np.array([tried.drop_pp for tried in plans], dtype=np.float64)
        return [plans[place] for place in front(nbytes, drop_pp)]
