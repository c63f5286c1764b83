"""All plans that a search has measured so far."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mpsearch.propose.front import front
from mpsearch.propose.goal import PATH, Goal, sequences
from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """What a plan does to images that no step of the search has seen: those held back.

    Attributes:
        drop_pp: Drop under the study's metric, percentage points.
        bound_pp: One-sided upper bound of the drop on images like these, percentage points.
        harm: What the plan does to the images searched on, for the order of the tests: the mean
            square change of their margins, log-odds².
        confidence: Per image held back, shape (m,).
        top1: Most probable class per image held back, shape (m,).
    """

    drop_pp: float
    bound_pp: float
    harm: float
    confidence: Float64Array
    top1: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One measured plan.

    Attributes:
        plan: The plan that was measured.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Drop on the images searched on under the study's metric, percentage points.
        confidence: Per image searched on, shape (n,).
        margin: Log-odds per image searched on, shape (n,).
        origin: Who proposed it: ``original``, ``surrogate``, ``path``, ``uniform``, ``tpe``, …
        stage_runs: Stage evaluations that measuring took; 0 if the plan was measured before.
        top1: Most probable class per image searched on, shape (n,); None if it was not kept.
        unseen: The same plan on the images held back, where the budget speaks of those.
    """

    plan: Plan
    nbytes: int
    drop_pp: float
    confidence: Float64Array
    margin: Float64Array
    origin: str
    stage_runs: int
    top1: IntArray | None = None
    unseen: Unseen | None = None

    @property
    def judged_pp(self) -> float:
        """Drop on the images that the budget speaks of, percentage points."""
        return self.drop_pp if self.unseen is None else self.unseen.drop_pp

    @property
    def bound_pp(self) -> float:
        """What a budget limits, pp: the drop, or its upper bound on unseen images."""
        return self.drop_pp if self.unseen is None else self.unseen.bound_pp

    @property
    def harm(self) -> float | None:
        """What plans are ranked by where the budget speaks of unseen images; None elsewhere."""
        return None if self.unseen is None else self.unseen.harm


class History:
    """Plans measured, in order, none twice.

    Args:
        goal: Budget, size limit or front that is asked for.
    """

    def __init__(self, goal: Goal, plans: Iterable[Tried] = ()) -> None:
        self.goal = goal
        self.tried: list[Tried] = []
        self._plans: dict[Plan, Tried] = {}
        self._best: Tried | None = None
        self._is_tested = False  # whether the best plan follows from a sequence of tests
        self._is_stale = False
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
        self._is_tested |= tried.unseen is not None
        if self._is_tested:
            self._is_stale = True
        elif self.feasible(tried) and (
            self._best is None or self.key(tried) < self.key(self._best)
        ):
            self._best = tried
        if self.nearest is None or self._distance(tried) < self._distance(self.nearest):
            self.nearest = tried

    def __contains__(self, plan: Plan) -> bool:
        return plan in self._plans

    def __len__(self) -> int:
        return len(self.tried)

    def get(self, plan: Plan) -> Tried | None:
        """What was measured of *plan*, or None."""
        return self._plans.get(plan)

    @property
    def best(self) -> Tried | None:
        """The best plan that may be taken, or None."""
        if self._is_stale:
            self._best = next(iter(self.ranked), None)
            self._is_stale = False
        return self._best

    def feasible(self, tried: Tried) -> bool:
        """Whether a plan keeps the limit."""
        return self.goal.feasible(tried.nbytes, tried.bound_pp)

    def key(self, tried: Tried) -> tuple[float, float, tuple[str, ...]]:
        """The smaller the better, among feasible plans."""
        return (*self.goal.key(tried.nbytes, tried.bound_pp), tried.plan.schemes)

    @property
    def ranked(self) -> list[Tried]:
        """Plans that may be taken, the best first; see :meth:`Goal.ranked`."""
        if self._is_tested:
            return self.goal.ranked(self.tried)
        return sorted((tried for tried in self.tried if self.feasible(tried)), key=self.key)

    def _distance(self, tried: Tried) -> tuple[float, int]:
        return self.goal.excess(tried.nbytes, tried.bound_pp), tried.nbytes

    @property
    def front(self) -> list[Tried]:
        """Plans that no other beats, the smallest first; of a path, all of it.

        They are compared in bytes and drop or, where the budget speaks of unseen images, in bytes
        and harm.
        """
        plans = sorted(self.tried, key=lambda tried: tried.plan.schemes)
        if self._is_tested:
            path, _, others = sequences(plans)
            return path[::-1] if any(tried.origin == PATH for tried in path) else others[::-1]
        nbytes = np.array([tried.nbytes for tried in plans], dtype=np.int64)
        drop_pp = np.array([tried.drop_pp for tried in plans], dtype=np.float64)
        return [plans[place] for place in front(nbytes, drop_pp)]
