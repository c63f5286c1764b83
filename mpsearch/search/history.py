"""What a search has measured so far."""

from collections.abc import Iterable
from dataclasses import dataclass

from mpsearch.core.arrays import Float64Array
from mpsearch.core.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One measured plan.

    Attributes:
        plan: Which one.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Under the study's metric, percentage points.
        confidence: Per image, shape (n,).
        margin: Log-odds per image, shape (n,).
        origin: Who proposed it: ``uniform``, ``frontier``, ``neighbour``, ``tpe``, …
        stage_runs: What measuring it cost; 0 if it was known already.
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
        budget_pp: Largest drop allowed.
    """

    def __init__(self, budget_pp: float, tried: Iterable[Tried] = ()) -> None:
        self.budget_pp = budget_pp
        self.tried: list[Tried] = []
        self._plans: set[Plan] = set()
        for one in tried:
            self.add(one)

    def add(self, one: Tried) -> None:
        """Remember *one*; a plan that is there already is ignored."""
        if one.plan not in self._plans:
            self._plans.add(one.plan)
            self.tried.append(one)

    def __contains__(self, plan: Plan) -> bool:
        return plan in self._plans

    def __len__(self) -> int:
        return len(self.tried)

    def feasible(self, one: Tried) -> bool:
        """Whether a plan keeps the budget."""
        return one.drop_pp <= self.budget_pp

    @property
    def ranked(self) -> list[Tried]:
        """Feasible plans, the smallest first; the gentler first among equals."""
        good = (one for one in self.tried if self.feasible(one))
        return sorted(good, key=lambda one: (one.nbytes, one.drop_pp, one.plan.schemes))

    @property
    def best(self) -> Tried | None:
        """The smallest feasible plan, or None."""
        return min(
            (one for one in self.tried if self.feasible(one)),
            key=lambda one: (one.nbytes, one.drop_pp, one.plan.schemes),
            default=None,
        )

    @property
    def nearest(self) -> Tried | None:
        """The plan that breaks the budget least, or None if nothing was measured."""
        return min(self.tried, key=lambda one: (one.drop_pp, one.nbytes), default=None)

    @property
    def since_best(self) -> int:
        """Plans measured since the best one was found."""
        best = self.best
        return len(self.tried) if best is None else len(self.tried) - 1 - self.tried.index(best)
