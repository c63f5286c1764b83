"""What a search returns."""

from collections.abc import Mapping
from dataclasses import dataclass

from mpsearch.core.plan import Plan
from mpsearch.engine.confidence import Metric


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """A measured plan that no other beats in both bytes and drop."""

    plan: Plan
    nbytes: int
    drop_pp: float


@dataclass(frozen=True, slots=True)
class Rung:
    """What a simpler method reaches.

    Attributes:
        nbytes: Of its best feasible plan; None if it has none.
        measurements: Plans it had to measure.
    """

    nbytes: int | None
    measurements: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The outcome of a search.

    Attributes:
        plan: The smallest plan that keeps the budget; the nearest one if none does.
        feasible: Whether it keeps the budget, in the final plain forward pass.
        reason: Why there is no feasible plan, and how far the nearest one is; '' if there is one.
        nbytes: Stored bytes of the plan's weight layers.
        other_nbytes: Bytes of all other parameters, float32.
        original_nbytes: Bytes of the weight layers as float32.
        metric: How the drops of images became one.
        budget_pp: Largest drop allowed.
        baseline_confidence_pct: Mean over images, in a plain forward pass of the trained model.
        confidence_pct: The same under the plan, of a Keras model holding the decoded weights.
        drop_pp: Under the metric, from those two passes.
        top1_changes: Images whose most probable class changed.
        measurements: Plans measured beyond the profile.
        screening_measurements: Plans of the profile that the search rests on.
        trials: Finished trials in the study.
        seconds: Wall time of this run.
        ladder: What simpler methods reach.
        front: Plans no other beats, the smallest first.
        proved_optimal: Only an enumeration of all plans may say so.
    """

    plan: Plan
    feasible: bool
    reason: str
    nbytes: int
    other_nbytes: int
    original_nbytes: int
    metric: Metric
    budget_pp: float
    baseline_confidence_pct: float
    confidence_pct: float
    drop_pp: float
    top1_changes: int
    measurements: int
    screening_measurements: int
    trials: int
    seconds: float
    ladder: Mapping[str, Rung]
    front: tuple[FrontPoint, ...]
    proved_optimal: bool = False

    @property
    def ratio(self) -> float:
        """How many times smaller all parameters became."""
        return (self.original_nbytes + self.other_nbytes) / (self.nbytes + self.other_nbytes)
