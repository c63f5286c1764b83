"""Greedy descent: the textbook method, to compare with."""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import numpy as np

from mpsearch.propose.history import History
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.proposer import Suggestion
from mpsearch.propose.surrogate.candidates import damage_at
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.values.arrays import Float64Array
from mpsearch.values.plan import Plan

_LEAST_HARM = 1e-4  # pp; what does none would be worth infinitely much


class GreedyProposer:
    """Takes the change of most bytes per drop, if it keeps the budget when measured.

    With a size instead of a budget, it goes on until the plan is small enough.

    Prices are what screening says of each layer alone. A function of the history.

    Args:
        menu: The choices.
        screen: Gives the cells around the trained weights; called when the first step is asked for.
        start: The choice that changes nothing.
    """

    def __init__(self, menu: Menu, screen: Callable[[], Cells], start: Choice) -> None:
        self._menu, self._screen, self._start = menu, screen, start

    @cached_property
    def _harm(self) -> list[Float64Array]:
        cells = self._screen()
        harm = damage_at(cells, cells.change, np.zeros_like(cells.margin))
        return [np.maximum(prices, _LEAST_HARM) for prices in harm]

    def next(
        self,
        history: History,
        running: Collection[Plan] = (),  # noqa: ARG002 - there is one way to go
    ) -> Sequence[Suggestion]:
        """The first step of the descent that is not measured yet, or none."""
        current, refused = self._start, set[tuple[int, int]]()
        limit = history.goal.max_nbytes
        while limit is None or self._menu.total(current) > limit:
            move = self._best_move(current, refused)
            if move is None:
                return []
            variable, option = move
            candidate = (*current[:variable], option, *current[variable + 1 :])
            plan = self._menu.plan(candidate)
            tried = history.get(plan)
            if tried is None:
                return [Suggestion(plan, "greedy")]
            # On the images searched on: those held back lead no search.
            if limit is not None or history.goal.feasible(tried.nbytes, tried.drop_pp):
                current = candidate
            else:
                refused.add(move)
        return []

    def _best_move(self, current: Choice, refused: set[tuple[int, int]]) -> tuple[int, int] | None:
        best, most = None, 0.0
        for variable, (sizes, harm) in enumerate(zip(self._menu.nbytes, self._harm, strict=True)):
            here = current[variable]
            for option, size in enumerate(sizes):
                saved = float(sizes[here] - size)
                if saved <= 0 or (variable, option) in refused:
                    continue
                worth = saved / max(float(harm[option] - harm[here]), _LEAST_HARM)
                if worth > most:
                    best, most = (variable, option), worth
        return best
