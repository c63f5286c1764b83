"""Choose the plan from all that was measured, and check it by Keras' own forward passes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Choice
from mpsearch.propose.neighbours import is_one_change_optimal
from mpsearch.search.campaign import Campaign, Found
from mpsearch.search.layer_rows import layer_rows
from mpsearch.search.result import FrontPoint, Rung, SearchResult
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SettingError
from mpsearch.workbench.held_back import ImageSetDrop
from mpsearch.workbench.workbench import Workbench

_ROOM: Final = 0.01  # pp; beyond what two forward passes can differ by
_FINAL_TRIES: Final = 5  # plans checked by a plain forward pass before the search gives up


@dataclass(frozen=True, slots=True)
class _Checked:
    """A plan after its plain forward passes."""

    tried: Tried
    search: ImageSetDrop
    verify: ImageSetDrop | None
    confidence_pct: float


def conclude(campaign: Campaign, studies: Found) -> SearchResult:
    """Choose the plan, check it, and collect all that is known about it."""
    question, searched = campaign.question, studies.searched
    work, held, menu = campaign.work, campaign.split.held, campaign.menu
    goal, profile, screen = searched.history.goal, campaign.split.profile, campaign.screen
    surrogate = campaign.surrogate(goal)
    history = History(goal.choosing(question.budget), searched.history.tried)
    checker = _Checker.of(work, held, history.goal)
    if question.budget_on == "verify":
        checked = checker.on_held_images(history, studies.tighter)
    else:
        checked = checker.first_that_keeps(history)
    work.model.copy.release()
    tried, drop = checked.tried, checked.search.drop_pp
    feasible = history.goal.feasible(tried.nbytes, drop)
    reason = "" if feasible else _why(history, tried, drop)
    if question.budget_on == "verify" and checked.verify is not None and feasible:
        assert history.goal.budget_pp is not None
        feasible = checked.verify.interval_pp[1] <= history.goal.budget_pp
        reason = "" if feasible else _why_not_verified(history.goal, checked.verify)
    plans = surrogate.measured(searched.history)

    def expected(choices: list[Choice]) -> list[float]:
        return surrogate.expected_drops(plans, choices)

    histories = [searched.history, *studies.tighter]
    measured = [entry for past in histories for entry in past.tried if entry.stage_runs]
    best_is_chosen = feasible and history.best is not None and history.best.plan == tried.plan
    proved = searched.stopped == "done" and searched.is_exhaustive and best_is_chosen
    return SearchResult(
        plan=tried.plan,
        feasible=feasible,
        reason=reason,
        goal=goal,
        budget_pp=history.goal.budget_pp,
        nbytes=tried.nbytes,
        other_nbytes=work.model.other_nbytes,
        original_nbytes=work.model.bank.original_nbytes,
        baseline_confidence_pct=checker.baseline_pct,
        confidence_pct=checked.confidence_pct,
        search=checked.search,
        verify=checked.verify,
        dominated=menu.dominated,
        measurements=len(measured),
        screening_measurements=0 if profile is None else len(profile.per_layer),
        gradient_passes=screen.passes,
        single_changes=screen.measurements,
        trials=len(searched.history),
        seconds=time.monotonic() - campaign.begun,
        ladder=_ladder(work, studies, history.goal),
        front=tuple(FrontPoint(t.plan, t.nbytes, t.drop_pp) for t in searched.history.front),
        layers=layer_rows(menu, searched.history, tried, expected),
        assessment=surrogate.assess(plans),
        one_change_optimal=None
        if goal.kind == "front"
        else best_is_chosen and is_one_change_optimal(menu, history),
        proved_optimal=proved,
        stopped=searched.stopped,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Checker:
    """Plain forward passes of the unchanged model, and of plans.

    Attributes:
        work: Images searched on.
        held: Images held back; None if there are none.
        goal: The goal by which the plan is chosen.
        before: Class probabilities of the unchanged model, shape (n, classes).
        held_before: Class probabilities of the unchanged model on the images held back.
    """

    work: Workbench
    held: Workbench | None
    goal: Goal
    before: Float32Array
    held_before: Float32Array | None

    @classmethod
    def of(cls, work: Workbench, held: Workbench | None, goal: Goal) -> "_Checker":
        original = work.model.original
        before = work.plain_forward(original)
        return cls(work, held, goal, before, None if held is None else held.plain_forward(original))

    @property
    def baseline_pct(self) -> float:
        return self.work.mean_confidence_pct(self.before)

    def first_that_keeps(self, history: History) -> _Checked:
        """The best plan that keeps the limit here too; the nearest one if none does."""
        nearest = history.nearest
        assert nearest is not None  # uniform plans were measured at least
        # The two passes differ from the engine's by a few 1e-6: where that decides about the best
        # plans, one with room to spare is taken, and at last the gentlest.
        ranked = history.ranked
        others = ranked[_FINAL_TRIES:]
        roomy = [tried for tried in others if self._has_room(tried)][:1]
        gentlest = sorted(others, key=lambda tried: (tried.drop_pp, tried.origin != "original"))[:1]
        looked_at = []
        for tried in [*ranked[:_FINAL_TRIES], *roomy, *gentlest] or [nearest]:
            looked_at.append(self.check(tried))
            if self.goal.feasible(tried.nbytes, looked_at[-1].search.drop_pp):
                break
        checked = min(looked_at, key=lambda c: max(0.0, self._excess(c)))
        return replace(checked, verify=self._verify(checked.tried))

    def _excess(self, checked: _Checked) -> float:
        return self.goal.excess(checked.tried.nbytes, checked.search.drop_pp)

    def _has_room(self, tried: Tried) -> bool:
        budget = self.goal.budget_pp
        return budget is None or tried.drop_pp <= budget - _ROOM

    def on_held_images(self, history: History, others: Sequence[History]) -> _Checked:
        """The smallest plan that held-back images do not refute.

        Plans are tested from the gentlest to the smallest, and the first failure ends it: so no
        plan is picked for its luck on the held-back images (fixed-sequence testing).

        Raises:
            SettingError: If no images are held back.
        """
        if self.held is None:
            raise SettingError(
                "`budget_on` = verify needs images held back; give 4 images or more, or `holdout`"
            )
        assert self.goal.budget_pp is not None
        union = History(self.goal, [t for h in (history, *others) for t in h.tried])
        passed: _Checked | None = None
        for tried in reversed([t for t in union.front if union.feasible(t)]):
            checked = replace(self.check(tried), verify=self._verify(tried))
            assert checked.verify is not None
            fails = checked.verify.interval_pp[1] > self.goal.budget_pp
            if fails or not self.goal.feasible(tried.nbytes, checked.search.drop_pp):
                return passed or checked
            passed = checked
        return passed or self.first_that_keeps(history)

    def check(self, tried: Tried) -> _Checked:
        after = self.work.plain_forward(tried.plan)
        drop = self.work.drop(self.before, after, self.goal.metric)
        return _Checked(tried, drop, None, self.work.mean_confidence_pct(after))

    def _verify(self, tried: Tried) -> ImageSetDrop | None:
        if self.held is None or self.held_before is None:
            return None
        after = self.held.plain_forward(tried.plan)
        return self.held.drop(self.held_before, after, self.goal.metric)


def _why(history: History, tried: Tried, drop: float) -> str:
    goal = history.goal
    if goal.max_nbytes is not None:
        return (
            f"no plan is within {goal.max_nbytes:,} bytes of weight layers; the nearest takes "
            f"{tried.nbytes:,}: allow that many, or add smaller schemes to `schemes`"
        )
    return (
        f"no plan measured keeps the drop within {goal.budget_pp:g} pp; the nearest drops "
        f"{drop:.3f} pp: allow that much, or add gentler schemes such as original to `schemes`"
    )


def _why_not_verified(goal: Goal, verify: ImageSetDrop) -> str:
    return (
        f"no plan measured keeps the held-back drop within {goal.budget_pp:g} pp up to the upper "
        f"end of its interval; the nearest reaches {verify.interval_pp[1]:.3f} pp: allow that "
        "much, or give more images"
    )


def _ladder(work: Workbench, studies: Found, goal: Goal) -> dict[str, Rung]:
    rungs = {"original": Rung(work.model.bank.original_nbytes, 0.0, 0)}
    rungs["uniform"] = _rung(studies.searched.uniform, goal)
    for name, history in studies.rivals.items():
        # Studies of earlier versions have uniform plans as well, which are not the method's own.
        own = [tried for tried in history.tried if tried.origin != "uniform"]
        rungs[name] = _rung(own, goal)
    return rungs


def _rung(plans: Sequence[Tried], goal: Goal) -> Rung:
    best = History(goal, plans).best
    measured = sum(tried.origin != "original" for tried in plans)
    if best is None:
        return Rung(None, None, measured)
    return Rung(best.nbytes, best.drop_pp, measured)
