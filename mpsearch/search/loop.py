"""One process' part of a search: propose, measure, write down, hear of the others."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from mpsearch.propose.goal import UNIFORM
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.proposer import Proposer, Suggestion
from mpsearch.propose.remaining import Remaining
from mpsearch.propose.uniform import Uniform
from mpsearch.search.meter import Meter
from mpsearch.search.run_terms import RunTerms
from mpsearch.study.study import StudyStore
from mpsearch.values.deadline import OutOfTime
from mpsearch.values.plan import Plan

#: Why a search ended.
Stopped = Literal["done", "trials", "timeout"]

_WAIT_SECONDS: Final = 0.3  # between looks at what others do


class Loop:
    """Measures proposed plans, stores the measurements and reports progress.

    Args:
        meter: Measures plans.
        store: Gets every finished measurement, and says what others do.
        history: All plans measured; grows.
        terms: When to stop, and what receives news.
        remaining: Knows how much is left.
        uniform: Knows which uniform plans are to be measured.
    """

    def __init__(
        self,
        meter: Meter,
        store: StudyStore,
        history: History,
        terms: RunTerms,
        remaining: Remaining,
        uniform: Uniform,
    ) -> None:
        self._meter, self._store, self._history = meter, store, history
        self._terms, self._measured = terms, terms.measured
        self._remaining, self._uniform = remaining, uniform
        self._trials = terms.limits.trials
        choosing = terms.choosing or history.goal
        is_same = choosing == history.goal
        self._chosen = history if is_same else History(choosing, history.tried)
        self._latest: Suggestion | None = None

    def begin(self, menu: Menu) -> None:
        """Tell the best of earlier runs, and take what is known without measuring: the original."""
        if self._chosen.best is not None:
            self._terms.on_best(self._chosen.best)
        original = Plan.uniform(menu.layers, "original")
        if menu.choice(original) is not None:
            self._measured = {**self._measured, original: self._meter.baseline}
            self._obtain(Suggestion(original, "original"))

    def propose(self, proposer: Proposer, deadline: float | None, is_helper: bool) -> Stopped:
        """Measure what is proposed until nothing is, or a limit is reached; returns which.

        Args:
            proposer: Proposes the plans to measure.
            deadline: End of the search in seconds of ``time.monotonic``; None for none.
            is_helper: Uniform plans are left to another process, and so are their trials.
        """
        try:
            return self._propose(proposer, deadline, is_helper)
        except OutOfTime:  # while layers were screened
            return "timeout"

    def _propose(self, proposer: Proposer, deadline: float | None, is_helper: bool) -> Stopped:
        while True:
            self._hear()
            if self._is_full:
                return "trials"
            if deadline is not None and time.monotonic() >= deadline:
                return "timeout"
            most = self._trials
            if most is not None:
                most -= self._uniform.reserved(self._history)
                if len(self._history) >= most:
                    if is_helper:
                        return "trials"
                    self._obtain(Suggestion(self._uniform.next_reserved(self._history), UNIFORM))
                    continue
            running = self._store.running
            suggestions = proposer.next(self._history, running)
            if not suggestions and not running:
                return "done"
            self._remaining.foresee(suggestions[0].left if suggestions else None)
            free = [suggestion for suggestion in suggestions if suggestion.plan not in running]
            if most is not None:
                free = free[: max(0, most - len(self._history) - len(running))]
            if not free or not self._measure(free, most):
                time.sleep(_WAIT_SECONDS)  # others have what there is to do

    def can_succeed(self, menu: Menu) -> bool:
        """Whether the smallest plan is within the size asked for; true with a budget."""
        limit = self._history.goal.max_nbytes
        return limit is None or menu.total(menu.smallest) <= limit

    def measure_smallest(self, menu: Menu) -> None:
        """The nearest there is to a size that no plan keeps."""
        self._obtain(Suggestion(menu.plan(menu.smallest), "nearest"))

    def measure_uniform(self, deadline: float | None) -> tuple[Tried, ...]:
        """Measure the uniform plans that are left; returns all that were looked at.

        Args:
            deadline: End of the search in seconds of ``time.monotonic``; None for none.
        """
        while deadline is None or time.monotonic() < deadline:
            plan = self._uniform.next_of_rest(self._history)
            if plan is None or self._obtain(Suggestion(plan, UNIFORM)) is None:
                break
        return self._uniform.looked_at(self._history)

    @property
    def _is_full(self) -> bool:
        """Whether the study has as many trials as were asked for."""
        return self._trials is not None and len(self._history) >= self._trials

    def _obtain(self, suggestion: Suggestion) -> Tried | None:
        """Measure one plan, or wait until another process has; None if the study is full."""
        while True:
            tried = self._history.get(suggestion.plan)
            if tried is not None or self._is_full:
                return tried
            if not self._measure([suggestion], self._trials):
                time.sleep(_WAIT_SECONDS)
                self._hear()

    def _measure(self, suggestions: Sequence[Suggestion], most: int | None) -> bool:
        """Measure plans, or take what is known of them; False if others were quicker with all."""
        ours = set(self._store.claim([suggestion.plan for suggestion in suggestions], most))
        origin = {
            suggestion.plan: suggestion.origin
            for suggestion in suggestions
            if suggestion.plan in ours
        }
        if not origin:
            return False
        self._latest = suggestions[-1]
        for plan in [plan for plan in origin if plan in self._measured]:
            tried = replace(self._measured[plan], origin=origin.pop(plan), stage_runs=0)
            self._keep(self._meter.judged(tried) or tried)
        meter = self._meter
        meter.engine.measure(list(origin), lambda m: self._keep(meter.measured(m, origin[m.plan])))
        return True

    def _hear(self) -> None:
        """What other processes on the same study have measured meanwhile."""
        self._terms.on_step()
        for tried in self._store.unread():
            if tried.plan not in self._history:
                self._remember(tried)

    def _keep(self, tried: Tried) -> None:
        self._store.add(tried, self._meter.engine.bank.original_nbytes)
        self._remember(tried)

    def _remember(self, tried: Tried) -> None:
        before = self._chosen.best
        self._history.add(tried)
        if self._chosen is not self._history:
            self._chosen.add(tried)
        best = self._chosen.best
        if best is not None and best is not before:
            self._terms.on_best(best)
        self._terms.progress.advance(1, self._remark(), self._remaining.work())

    def _remark(self) -> str:
        history = self._chosen
        best, nearest = history.best, history.nearest
        if best is None:
            return "" if nearest is None else f"nothing feasible yet, {nearest.bound_pp:.2f} pp"
        text = f"best {best.nbytes:,} bytes, {best.judged_pp:.3f} pp"
        if best.unseen is not None:
            text += f" on unseen images, at most {best.bound_pp:.3f} pp"
        latest = self._latest
        if latest is None or latest.expected_saving is None:
            return text
        if latest.origin == "polish":
            return f"{text}, checking single changes"
        unit = "pp" if history.goal.kind == "max_bytes" else "bytes"
        digits = ".3f" if unit == "pp" else ",.0f"
        return f"{text}, expected to save {latest.expected_saving:{digits}} {unit} more"
