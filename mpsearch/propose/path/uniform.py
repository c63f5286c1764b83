"""Uniform plans where the budget speaks of unseen images: tested as the path is."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.path.path import Costs, Path, total_cost
from mpsearch.propose.surrogate.candidates import uniform_choices
from mpsearch.values.arrays import Float64Array
from mpsearch.values.plan import Plan

_FAR: Final = 30.0  # times less cost


class UniformSequence:
    """Which uniform plans a search has still to measure: a function of what it has measured.

    Those that another beats in both bytes and cost are left out. With a budget the others are
    measured from the gentlest to the smallest until one breaks it; within a size the gentlest is
    measured, and for a front all are.

    Args:
        menu: The choices.
        costs: Gives the costs of the menu's choices; called when uniform plans are first needed.
        goal: Budget, size limit or front that is asked for.
        trials: Finished trials that the study may have; None for any number.
    """

    def __init__(
        self, menu: Menu, costs: Callable[[], Costs], goal: Goal, trials: int | None
    ) -> None:
        self._menu, self._costs, self._goal, self._trials = menu, costs, goal, trials
        self._sequence: list[Plan] | None = None
        self._plan_costs: Float64Array = np.zeros(0)

    def reserved(self, history: History) -> int:
        """Trials that what is proposed must leave to uniform plans: one where there are few."""
        if self._trials is None or self._trials < 3 or self._left(history) is None:
            return 0
        return 1

    def next_reserved(self, history: History) -> Plan:
        """The plan to measure next when only reserved trials are left."""
        plan = self._left(history)
        assert plan is not None
        return plan

    def next_of_rest(self, history: History) -> Plan | None:
        """The plan to measure next when nothing more is proposed; None if all is done."""
        if self._trials is not None and len(history) >= self._trials:
            return None
        return self._left(history)

    def looked_at(self, history: History) -> tuple[Tried, ...]:
        """Those measured, from the gentlest to the smallest."""
        return tuple(filter(None, map(history.get, self._plans)))

    def _left(self, history: History) -> Plan | None:
        for plan in self._plans[self._first(history) :]:
            tried = history.get(plan)
            if tried is None:
                return plan
            if self._goal.kind == "max_bytes":
                return None
            if self._goal.kind == "budget" and not history.feasible(tried):
                return None
        return None

    def _first(self, history: History) -> int:
        """Where to begin: what is far gentler than a plan that passes needs no test."""
        best = history.best if self._goal.kind == "budget" else None
        choice = None if best is None else self._menu.choice(best.plan)
        plans, costs = self._plans, self._plan_costs
        if choice is None or not plans:
            return 0
        far = total_cost(self._costs(), choice) / _FAR
        return max(0, int(np.searchsorted(costs, far, "right")) - 1)

    @property
    def _plans(self) -> Sequence[Plan]:
        if self._sequence is None:
            path = Path.ordered(self._menu, uniform_choices(self._menu), self._costs())
            most = self._goal.max_nbytes
            self._plan_costs = path.costs
            inside = path.nbytes <= (np.inf if most is None else most)
            self._sequence = [
                self._menu.plan(choice)
                for choice, is_inside in zip(path.choices, inside, strict=True)
                if is_inside
            ]
        return self._sequence
