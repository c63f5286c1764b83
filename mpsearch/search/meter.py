"""What measurements say of the images searched on, and of those held back."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from mpsearch.engine.evaluate import Engine
from mpsearch.propose.goal import ORIGINAL, UNIFORM
from mpsearch.propose.history import Tried, Unseen
from mpsearch.propose.path.upper_bound import upper_bound
from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import Answered, ImageAnswers, aggregate, losses_pp
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan

_OF_UNIFORM: Final = 0.25  # of the errors that a promise allows
_NOTHING: Final = 1e-12  # log-odds²: what two ways to compute the same model differ by at most


class AllAnswers(Answered, Protocol):
    """Answers to all images of a meter."""

    @property
    def margin(self) -> Float64Array:
        """Log-odds of each image's reference class, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Meter:
    """An engine, and which of its images are searched on and which are held back.

    Attributes:
        engine: Measures plans on all images.
        metric: How the losses of images become one number.
        fit: Positions of the images searched on, shape (n,).
        held: Positions of the images held back, shape (m,), where the budget speaks of unseen
            images; None where it speaks of those searched on.
        sure: Probability that the drop of the plan taken keeps the budget on unseen images.
        guaranteed: Whether the bound must hold whatever the losses of other images are like.
    """

    engine: Engine
    metric: Metric
    fit: IntArray
    held: IntArray | None = None
    sure: float = 0.9
    guaranteed: bool = False

    @classmethod
    def of_all(cls, engine: Engine, metric: Metric) -> "Meter":
        """A meter that searches on all images of an engine."""
        return cls(engine, metric, np.arange(engine.images, dtype=np.int64))

    @property
    def baseline(self) -> Tried:
        """The unchanged model, as a plan."""
        return replace(self.measured(self.engine.baseline, ORIGINAL), stage_runs=0)

    def measured(self, measurement: Measurement, origin: str) -> Tried:
        """A measurement on all images as one of the search.

        Args:
            measurement: What the engine measured.
            origin: Name of the search method.
        """
        plan, nbytes = measurement.plan, measurement.nbytes
        return replace(
            self.tried(measurement, plan, nbytes, origin), stage_runs=measurement.stage_runs
        )

    def tried(self, answers: AllAnswers, plan: Plan, nbytes: int, origin: str) -> Tried:
        """Answers to all images as a measured plan that took no measuring.

        Args:
            answers: Of the plan.
            plan: The plan.
            nbytes: Stored bytes of all weight layers.
            origin: Name of the search method.
        """
        nan, fit, held = float("nan"), self.fit, self.held
        unseen = None
        if held is not None:
            unseen = Unseen(nan, nan, nan, answers.confidence[held], answers.top1[held])
        tried = Tried(
            plan=plan,
            nbytes=nbytes,
            drop_pp=nan,
            confidence=answers.confidence[fit],
            margin=answers.margin[fit],
            origin=origin,
            stage_runs=0,
            top1=answers.top1[fit],
            unseen=unseen,
        )
        judged = self.judged(tried)
        assert judged is not None
        return judged

    def judged(self, tried: Tried) -> Tried | None:
        """A plan with its drops under this metric, from its answers.

        Returns:
            None if it lacks answers that are needed, or has those of other images.
        """
        top1 = tried.top1
        if top1 is None:  # studies of earlier versions did not keep it
            top1 = np.full(len(self.fit), -1)
        lacks = tried.top1 is None and self.metric in {"agreement", "accuracy"}
        if lacks or len(tried.confidence) != len(self.fit):
            return None
        searched = self._losses(ImageAnswers(tried.confidence, top1), self.fit)
        tried = replace(tried, drop_pp=float(aggregate(searched, self.metric)))
        if self.held is None:
            return replace(tried, unseen=None)
        unseen = tried.unseen
        if unseen is None or len(unseen.confidence) != len(self.held):
            return None
        losses = self._losses(unseen, self.held)
        harm = float(np.square(tried.margin - self.engine.baseline.margin[self.fit]).mean())
        unchanged = self.is_unchanged(tried.plan, harm)
        return replace(
            tried,
            unseen=replace(
                unseen,
                drop_pp=float(aggregate(losses, self.metric)),
                bound_pp=0.0 if unchanged else self.bound_pp(losses, tried.origin),
                harm=harm,
            ),
        )

    def is_unchanged(self, plan: Plan, harm: float) -> bool:
        """Whether a plan leaves the model as it is: it then loses nothing, which is no estimate.

        Args:
            plan: The plan.
            harm: Mean square change of the margins of the images searched on, log-odds².
        """
        return plan == self.engine.baseline.plan or harm <= _NOTHING

    def level(self, origin: str) -> float:
        """Probability that the bound of one plan holds, so that the search's promise does.

        Two sequences of tests, one of them of uniform plans, may each err: they share what the
        promise allows (Bonferroni).

        Args:
            origin: Name of the search method that proposed the plan.
        """
        share = _OF_UNIFORM if origin == UNIFORM else 1 - _OF_UNIFORM
        return 1 - (1 - self.sure) * share

    def bound_pp(self, losses: Float64Array, origin: str) -> float:
        """Upper bound of the drop on images like these, percentage points; 100 where none is.

        Args:
            losses: Of the images held back, shape (m,).
            origin: Name of the search method that proposed the plan.
        """
        level = self.level(origin)
        return min(100.0, upper_bound(losses, self.metric, level, self.guaranteed))

    def _losses(self, after: Answered, rows: IntArray) -> Float64Array:
        baseline = self.engine.baseline
        before = ImageAnswers(baseline.confidence[rows], baseline.top1[rows])
        return losses_pp(before, after, self.metric, self.engine.reference[rows])
