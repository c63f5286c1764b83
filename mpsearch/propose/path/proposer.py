"""The path as a search method: the next plan to measure follows from those that are measured."""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from mpsearch.propose.goal import PATH, Goal
from mpsearch.propose.history import History
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.path.expected import expected_drops_pp
from mpsearch.propose.path.path import Path, costs_of, gentlest_within
from mpsearch.propose.path.walk import Walk
from mpsearch.propose.proposer import Suggestion
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.values.arrays import Float64Array
from mpsearch.values.plan import Plan

_STEPS: Final = 10  # tests that a walk takes, about
_HARMFUL_PP: Final = 50.0  # of a front, plans beyond the first that is expected here are left out


class PathProposer:
    """Proposes plans of the path: with a budget a walk, with a size one plan, else all of them.

    Its proposals are a function of the measured and the running plans alone.

    Args:
        menu: The choices.
        goal: Budget, size limit or front that is asked for.
        cells: Gives the screened changes around the trained weights; called once, when the first
            proposal is asked for.
    """

    def __init__(self, menu: Menu, goal: Goal, cells: Callable[[], Cells]) -> None:
        self._menu, self._goal, self._screened = menu, goal, cells

    def next(self, history: History, running: Collection[Plan] = ()) -> Sequence[Suggestion]:
        """The plans to measure next; none if the path has nothing more to say."""
        match self._goal.kind:
            case "budget":
                return self._step(history, running)
            case "max_bytes":
                return [] if self._within in history else [Suggestion(self._within, PATH, left=1)]
            case "front":
                left = [plan for plan in self._spread if plan not in history]
                return [Suggestion(plan, PATH, left=len(left)) for plan in left[:1]]

    @cached_property
    def cells(self) -> Cells:
        """Screened changes around the trained weights."""
        return self._screened()

    @cached_property
    def costs(self) -> list[Float64Array]:
        """Per variable, the cost of each choice, shape (choices,)."""
        return costs_of(self.cells)

    def _step(self, history: History, running: Collection[Plan]) -> Sequence[Suggestion]:
        bounds: dict[int, float] = {}
        for place, plan in enumerate(self._plans):
            tried = history.get(plan)
            if tried is not None:
                bounds[place] = tried.bound_pp
            elif plan in running:  # another process may go on from what is expected of it
                bounds[place] = min(float(self._expected[place]), self._walk.budget_pp)
        following = self._walk.next(bounds)
        if following is None:
            return []
        left = max(1, _STEPS - len(bounds))
        return [Suggestion(self._plans[following], PATH, left=left)]

    @cached_property
    def _path(self) -> Path:
        return Path.of(self._menu, self.costs)

    @cached_property
    def _plans(self) -> list[Plan]:
        return [self._menu.plan(choice) for choice in self._path.choices]

    @cached_property
    def _expected(self) -> Float64Array:
        return expected_drops_pp(self.cells.margin, self._path.costs, self._goal.metric)

    @cached_property
    def _walk(self) -> Walk:
        assert self._goal.budget_pp is not None
        return Walk(self._path, self._goal.budget_pp, self._expected)

    @cached_property
    def _within(self) -> Plan:
        assert self._goal.max_nbytes is not None
        choice: Choice = gentlest_within(self._menu, self.costs, self._goal.max_nbytes)
        return self._menu.plan(choice)

    @cached_property
    def _spread(self) -> list[Plan]:
        """The path from its ends inwards, so that a search that is stopped has plans of all sizes.

        Every round halves the largest gaps.
        """
        harmful = np.flatnonzero(self._expected > _HARMFUL_PP)
        count = int(harmful[0]) + 1 if len(harmful) else len(self._plans)
        order: dict[int, None] = {0: None, count - 1: None}
        step = 1 << max(0, count - 1).bit_length()
        while step > 1:
            step //= 2
            order.update(dict.fromkeys(range(0, count, step)))
        return [self._plans[place] for place in order]
