"""The result of a search."""

from collections.abc import Mapping
from dataclasses import dataclass

from mpsearch.propose.goal import Goal
from mpsearch.propose.surrogate.assessment import Assessment
from mpsearch.values.plan import Plan
from mpsearch.workbench.held_back import ImageSetDrop


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """A measured plan that no other beats in both bytes and drop.

    Where the budget speaks of unseen images, a plan of the sequence of tests; its drop is then of
    the images held back, and need not grow from plan to plan.

    Attributes:
        plan: The plan.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Drop on the images that the budget speaks of, percentage points.
        bound_pp: What a budget limits: that drop, or its upper bound on unseen images.
    """

    plan: Plan
    nbytes: int
    drop_pp: float
    bound_pp: float


@dataclass(frozen=True, slots=True)
class Rung:
    """Result of a simpler method.

    Attributes:
        nbytes: Bytes of the method's best feasible plan; None if it has none.
        drop_pp: Drop of that plan on the images that the budget speaks of, percentage points.
        measurements: Plans it had to measure.
        feasible: Whether the plan keeps the limit; a method with one plan may not.
    """

    nbytes: int | None
    drop_pp: float | None
    measurements: int
    feasible: bool = True


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised of images that no step has seen.

    Attributes:
        sure: Probability that the drop on images like these keeps the bound, 0.5..1.
        bound_pp: One-sided upper bound of the drop, percentage points.
        bound: Name of the bound.
        images_needed: Images to give from which on the budget could be kept by a plan that changes
            the model; None if there are enough, or no budget.
    """

    sure: float
    bound_pp: float
    bound: str
    images_needed: int | None = None


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of the plan.

    Attributes:
        layer: Name of the layer.
        scheme: Scheme of the layer under the plan.
        nbytes: Stored bytes.
        drop_pp: By how much the plan's drop would fall if this layer were stored as gently as it
            can be, as the model has it; None if there is no model.
        cheaper: The next smaller scheme on the menu; None if there is none.
        saved: Bytes it would save.
        cheaper_drop_pp: Drop of the plan with it; None if not known.
        cheaper_measured: Whether that was measured rather than predicted.
        larger: The next larger scheme on the menu; None if there is none.
        added: Bytes it would add.
    """

    layer: str
    scheme: str
    nbytes: int
    drop_pp: float | None = None
    cheaper: str | None = None
    saved: int = 0
    cheaper_drop_pp: float | None = None
    cheaper_measured: bool = False
    larger: str | None = None
    added: int = 0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The outcome of a search.

    Attributes:
        plan: The best plan that keeps the limit; the nearest one if none does.
        feasible: Whether it keeps the limit, in the final plain forward pass.
        reason: Why there is no feasible plan, and how far the nearest one is; '' if there is one.
        goal: Budget, size limit or front that was asked for.
        budget_pp: Budget by which the plan was chosen, also from a front.
        nbytes: Stored bytes of the plan's weight layers.
        other_nbytes: Bytes of all other parameters, float32.
        original_nbytes: Bytes of the weight layers as float32.
        baseline_confidence_pct: Mean over search images, in a plain forward pass of the trained
            model.
        confidence_pct: Mean confidence under the plan, of a Keras model with the decoded weights.
        search: The plan on the images searched on, from those two passes.
        verify: The plan on the held-back images, likewise; None if none were held back.
        promise: What is promised of unseen images; None where the budget speaks of the images
            searched on.
        dominated: Choices of layers that were not tried: another has no more bytes and less than
            half of their squared error of the weights.
        measurements: Plans measured, single layers aside.
        screening_measurements: Single layers whose measurement the search could rest on.
        gradient_passes: Backward passes of one image each.
        single_changes: Plans measured because gradients could not be had: one layer changed each.
        trials: Finished trials in the study; those of other methods and tighter budgets are in
            studies of their own.
        seconds: Wall time of this run.
        ladder: Name of a simpler method → what it reaches.
        front: Plans no other beats, the smallest first.
        layers: The plan, layer by layer.
        assessment: How well the fitted model predicts; None if nothing was fitted.
        one_change_optimal: Every single change that could improve the plan was measured, and does
            not; None for a front.
        proved_optimal: Every plan that could be better was measured; only ``brute`` may say so.
        stopped: ``done``, ``trials`` or ``timeout``.
        study_name: Name of the Optuna study.
    """

    plan: Plan
    feasible: bool
    reason: str
    goal: Goal
    budget_pp: float | None
    nbytes: int
    other_nbytes: int
    original_nbytes: int
    baseline_confidence_pct: float
    confidence_pct: float
    search: ImageSetDrop
    verify: ImageSetDrop | None
    dominated: int
    measurements: int
    screening_measurements: int
    gradient_passes: int
    single_changes: int
    trials: int
    seconds: float
    ladder: Mapping[str, Rung]
    front: tuple[FrontPoint, ...]
    layers: tuple[LayerRow, ...]
    assessment: Assessment | None
    one_change_optimal: bool | None
    proved_optimal: bool
    stopped: str
    promise: Promise | None = None
    study_name: str = ""

    @property
    def judged(self) -> ImageSetDrop:
        """The plan on the images that the budget speaks of, by plain forward passes."""
        return self.search if self.promise is None or self.verify is None else self.verify

    @property
    def drop_pp(self) -> float:
        """Drop on the images that the budget speaks of, under the metric."""
        return self.judged.drop_pp

    @property
    def top1_changes(self) -> int:
        """Images that the budget speaks of whose most probable class changed."""
        return self.judged.top1_changes

    @property
    def ratio(self) -> float:
        """How many times smaller all parameters became."""
        return (self.original_nbytes + self.other_nbytes) / (self.nbytes + self.other_nbytes)
