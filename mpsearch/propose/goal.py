"""The goal of a search: a budget, a size limit or the whole front."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeVar

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric

Kind = Literal["budget", "max_bytes", "front"]
#: Origin of the unchanged model.
ORIGINAL: Final = "original"
#: Origin of plans that are in an order before they are measured.
PATH: Final = "path"
#: Origin of uniform plans that are measured beside what is proposed.
UNIFORM: Final = "uniform"
#: Percentage points; chooses the plan of a front where no budget is given.
FRONT_BUDGET_PP: Final = 2.0


class Measured(Protocol):
    """Anything with bytes and a drop."""

    @property
    def nbytes(self) -> int:
        """Stored bytes of all weight layers."""

    @property
    def bound_pp(self) -> float:
        """What a budget limits, pp: the drop, or its upper bound on unseen images."""

    @property
    def harm(self) -> float | None:
        """What plans are ranked by where the budget speaks of unseen images; None elsewhere."""

    @property
    def origin(self) -> str:
        """Name of the search method that proposed the plan."""


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
        ranked = self.ranked(plans)
        if ranked:
            return ranked[0]
        return min(plans, key=lambda plan: (self.excess(plan.nbytes, plan.bound_pp), plan.nbytes))

    def allowed(self, plans: Sequence[MeasuredT]) -> list[bool]:
        """Which of the plans may be taken; see :meth:`ranked`."""
        if not any(plan.harm is not None for plan in plans):
            nbytes = np.array([plan.nbytes for plan in plans], dtype=np.int64)
            bounds = np.array([plan.bound_pp for plan in plans], dtype=np.float64)
            kept: list[bool] = (self.excesses(nbytes, bounds) <= 0).tolist()
            return kept
        ranked = {id(plan) for plan in self.ranked(plans)}
        return [id(plan) in ranked for plan in plans]

    def ranked(self, plans: Sequence[MeasuredT]) -> list[MeasuredT]:
        """The plans that may be taken, the best first.

        Where the budget speaks of unseen images, these are the plans that pass a sequence of tests,
        from the gentlest to the smallest: the first plan whose bound breaks the budget ends it, so
        that none is picked for its luck on the images held back (fixed-sequence testing:
        Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test", 2021, section 2.3);
        :func:`sequences` has the order. Within a size, plans come in the order of their harm to the
        images searched on.
        """
        kept = [plan for plan in plans if self.feasible(plan.nbytes, plan.bound_pp)]
        if not any(plan.harm is not None for plan in plans):
            return sorted(kept, key=lambda plan: self.key(plan.nbytes, plan.bound_pp))
        if self.max_nbytes is not None:
            return sorted(kept, key=lambda plan: (_harm(plan), plan.nbytes))
        passed = [plan for sequence in sequences(plans) for plan in self._first_of(sequence)]
        return sorted(passed, key=lambda plan: (plan.nbytes, _harm(plan)))

    def _first_of(self, sequence: Sequence[MeasuredT]) -> Iterator[MeasuredT]:
        """Those before the first that breaks the limit."""
        for plan in sequence:
            if not self.feasible(plan.nbytes, plan.bound_pp):
                return
            yield plan

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


def sequences(plans: Sequence[MeasuredT]) -> list[list[MeasuredT]]:
    """The orders in which plans are tested on images held back, which have no say in them.

    Plans of a path, and uniform plans, have an order from the start: by their bytes, the largest
    first. Others are tested in the order of their harm to the images searched on.
    """
    path = [plan for plan in plans if plan.origin in {ORIGINAL, PATH}]
    uniform = [plan for plan in plans if plan.origin == UNIFORM]
    others = [plan for plan in plans if plan.origin not in {PATH, UNIFORM}]
    return [
        *(sorted(some, key=lambda plan: (-plan.nbytes, _harm(plan))) for some in (path, uniform)),
        by_harm(others),
    ]


def by_harm(plans: Sequence[MeasuredT]) -> list[MeasuredT]:
    """Those that no other beats in both bytes and harm, from the gentlest to the smallest."""
    front: list[MeasuredT] = []
    for plan in sorted(plans, key=lambda plan: (_harm(plan), plan.nbytes)):
        if not front or plan.nbytes < front[-1].nbytes:
            front.append(plan)
    return front


def _harm(plan: Measured) -> float:
    return 0.0 if plan.harm is None else plan.harm
