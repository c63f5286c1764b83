"""Check plans by Keras' own forward passes: the engine's word is not taken for the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mpsearch.propose.goal import ORIGINAL, Goal
from mpsearch.propose.history import History, Tried
from mpsearch.search.image_split import ImageSplit
from mpsearch.values.arrays import Float32Array
from mpsearch.values.confidence import losses_pp
from mpsearch.values.plan import Plan
from mpsearch.workbench.held_back import ImageSetDrop, answers_of
from mpsearch.workbench.workbench import Workbench

_ROOM: Final = 0.01  # pp; beyond what two forward passes can differ by
_TRIES: Final = 5  # plans checked by a plain forward pass before the search gives up


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan after its plain forward passes.

    Attributes:
        tried: The plan, as the search measured it.
        search: The plan on the images searched on.
        verify: The plan on the images held back; None if there are none.
        bound_pp: What a budget limits: the drop on the images searched on or, where the budget
            speaks of unseen images, the upper bound of the drop.
        confidence_pct: Mean confidence on the images that the budget speaks of.
    """

    tried: Tried
    search: ImageSetDrop
    verify: ImageSetDrop | None
    bound_pp: float
    confidence_pct: float


class Checker:
    """Plain forward passes of the unchanged model, and of plans.

    Args:
        split: Images searched on and held back.
        goal: The goal by which the plan is chosen.
    """

    def __init__(self, split: ImageSplit, goal: Goal) -> None:
        self._split, self._goal = split, goal
        self._before, self._held_before = self._forward(split.work.model.original)

    @property
    def baseline_pct(self) -> float:
        """Mean confidence of the unchanged model on the images that the budget speaks of."""
        work, before = self._judged(self._before, self._held_before)
        return work.mean_confidence_pct(before)

    def first_that_keeps(self, history: History) -> Checked:
        """The best plan that keeps the limit here too; the nearest one if none does."""
        nearest = history.nearest
        assert nearest is not None  # uniform plans were measured at least
        ranked = history.ranked
        checked: list[Checked] = []
        for tried in self._candidates(ranked) or [nearest]:
            checked.append(self._check(tried))
            if self._excess(checked[-1]) <= 0:
                break
        return min(checked, key=lambda entry: max(0.0, self._excess(entry)))

    def _candidates(self, ranked: Sequence[Tried]) -> list[Tried]:
        """Plans to check in turn.

        The two passes differ from the engine's by a few 1e-6: where that decides about the best
        plans, one with room to spare is taken, and at last the gentlest.
        """
        others = ranked[_TRIES:]
        roomy = [tried for tried in others if self._has_room(tried)][:1]
        gentlest = sorted(others, key=lambda tried: (tried.bound_pp, tried.origin != ORIGINAL))
        return [*ranked[:_TRIES], *roomy, *gentlest[:1]]

    def _excess(self, checked: Checked) -> float:
        return self._goal.excess(checked.tried.nbytes, checked.bound_pp)

    def _has_room(self, tried: Tried) -> bool:
        budget = self._goal.budget_pp
        return budget is None or tried.bound_pp <= budget - _ROOM

    def _check(self, tried: Tried) -> Checked:
        split, metric = self._split, self._goal.metric
        after, held_after = self._forward(tried.plan)
        search = split.work.drop(self._before, after, metric)
        verify, bound = None, search.drop_pp
        if split.held is not None and self._held_before is not None and held_after is not None:
            verify = split.held.drop(self._held_before, held_after, metric)
            if split.speaks_of_unseen:
                bound = self._upper_bound(tried, split.held, held_after)
        work, judged = self._judged(after, held_after)
        return Checked(tried, search, verify, bound, work.mean_confidence_pct(judged))

    def _forward(self, plan: Plan) -> tuple[Float32Array, Float32Array | None]:
        """Class probabilities on the images searched on, and on those held back."""
        split, meter = self._split, self._split.meter
        if meter.held is not None:
            every = split.everything.plain_forward(plan)
            return every[meter.fit], every[meter.held]
        held = None if split.held is None else split.held.plain_forward(plan)
        return split.work.plain_forward(plan), held

    def _upper_bound(self, tried: Tried, held: Workbench, after: Float32Array) -> float:
        assert self._held_before is not None
        assert tried.unseen is not None
        if self._split.meter.is_unchanged(tried.plan, tried.unseen.harm):
            return 0.0
        metric = self._goal.metric
        reference = held.engine.reference
        before = answers_of(self._held_before, reference)
        losses = losses_pp(before, answers_of(after, reference), metric, reference)
        return self._split.meter.bound_pp(losses, tried.origin)

    def _judged(
        self, searched: Float32Array, held: Float32Array | None
    ) -> tuple[Workbench, Float32Array]:
        """The images that the budget speaks of, and class probabilities on them."""
        split = self._split
        if split.held is None or held is None or not split.speaks_of_unseen:
            return split.work, searched
        return split.held, held
