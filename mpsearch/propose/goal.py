"""The goal of a search: a budget, a size limit or the whole front."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeVar

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric

Kind = Literal["budget", "max_bytes", "front"]
#: Percentage points; chooses the plan of a front where no budget is given.
FRONT_BUDGET_PP: Final = 2.0


class Measured(Protocol):
    """Anything with bytes and a drop."""

    @property
    def nbytes(self) -> int:
        """Stored bytes of all weight layers."""

    @property
    def drop_pp(self) -> float:
        """Drop in percentage points."""


MeasuredT = TypeVar("MeasuredT", bound=Measured)


@dataclass(frozen=True, slots=True)
class Goal:
    """The smallest plan within a budget, the gentlest within a size, or the whole front.

    Attributes:
        metric: How the drops of images become one number.
        budget_pp: Largest drop allowed, percentage points; None for a size or a front.
        max_nbytes: Largest size of the weight layers, bytes; None for a budget or a front.
    """

    metric: Metric
    budget_pp: float | None = None
    max_nbytes: int | None = None

    @property
    def kind(self) -> Kind:
        """Which of the three."""
        if self.max_nbytes is not None:
            return "max_bytes"
        return "front" if self.budget_pp is None else "budget"

    def choosing(self, budget_pp: float | None) -> "Goal":
        """By which goal one plan is chosen: a front has no best plan until a budget chooses one.

        Args:
            budget_pp: For a front; None for :data:`FRONT_BUDGET_PP`.
        """
        if self.kind != "front":
            return self
        return Goal(self.metric, FRONT_BUDGET_PP if budget_pp is None else budget_pp)

    def best_of(self, plans: Sequence[MeasuredT]) -> MeasuredT:
        """The best plan that keeps the limit; the one that breaks it least if none does.

        Args:
            plans: At least one.
        """
        kept = [plan for plan in plans if self.feasible(plan.nbytes, plan.drop_pp)]
        if kept:
            return min(kept, key=lambda plan: self.key(plan.nbytes, plan.drop_pp))
        return min(plans, key=lambda plan: (self.excess(plan.nbytes, plan.drop_pp), plan.nbytes))

    def feasible(self, nbytes: int, drop_pp: float) -> bool:
        """Whether a plan keeps the limit."""
        return self.excess(nbytes, drop_pp) <= 0

    def excess(self, nbytes: int, drop_pp: float) -> float:
        """Excess over the limit, percentage points or bytes; ≤ 0 if the plan keeps the limit."""
        return float(self.excesses(np.array([nbytes]), np.array([drop_pp], np.float64))[0])

    def excesses(self, nbytes: IntArray, drop_pp: Float64Array) -> Float64Array:
        """:meth:`excess` of many plans, shape (plans,)."""
        if self.max_nbytes is not None:
            return (nbytes - self.max_nbytes).astype(np.float64)
        if self.budget_pp is None:
            return np.full(len(drop_pp), -1.0)
        return drop_pp - self.budget_pp

    def keys(self, nbytes: IntArray, drop_pp: Float64Array) -> tuple[Float64Array, Float64Array]:
        """:meth:`key` of many plans: what is compared first, and what decides between equals."""
        sizes = nbytes.astype(np.float64)
        return (drop_pp, sizes) if self.max_nbytes is not None else (sizes, drop_pp)

    def key(self, nbytes: int, drop_pp: float) -> tuple[float, float]:
        """The smaller the better, among feasible plans."""
        first, second = self.keys(np.array([nbytes]), np.array([drop_pp], np.float64))
        return float(first[0]), float(second[0])
