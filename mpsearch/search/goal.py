"""What a search is asked for."""

from dataclasses import dataclass
from typing import Literal

from mpsearch.engine.confidence import Metric

Kind = Literal["budget", "max_bytes", "front"]


@dataclass(frozen=True, slots=True)
class Goal:
    """The smallest plan within a budget, the gentlest within a size, or the whole front.

    Attributes:
        metric: How the drops of images become one.
        budget_pp: Largest drop allowed; None if another thing is asked.
        max_nbytes: Most bytes of the weight layers; None if another thing is asked.
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

    def feasible(self, nbytes: int, drop_pp: float) -> bool:
        """Whether a plan keeps the limit."""
        return self.excess(nbytes, drop_pp) <= 0

    def excess(self, nbytes: int, drop_pp: float) -> float:
        """By how much a plan breaks the limit: percentage points, or bytes; ≤ 0 if it does not."""
        if self.max_nbytes is not None:
            return float(nbytes - self.max_nbytes)
        return -1.0 if self.budget_pp is None else drop_pp - self.budget_pp

    def key(self, nbytes: int, drop_pp: float) -> tuple[float, float]:
        """The smaller the better, among feasible plans."""
        if self.max_nbytes is not None:
            return drop_pp, float(nbytes)
        return float(nbytes), drop_pp
