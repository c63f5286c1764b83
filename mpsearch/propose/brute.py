"""Every plan, the most wanted first: the one method whose answer is proved."""

from collections.abc import Collection, Sequence
from itertools import product
from typing import Final

import numpy as np

from mpsearch.propose.history import History
from mpsearch.propose.menu import Menu
from mpsearch.propose.proposer import Suggestion
from mpsearch.values.errors import SettingError
from mpsearch.values.plan import Plan

MOST_PLANS: Final = 20_000
_AT_ONCE: Final = 64  # measured side by side: what they share is computed once


class BruteProposer:
    """Proposes all plans in the order of their bytes; with a budget, up to the best feasible one.

    Args:
        menu: The choices.

    Raises:
        SettingError: If there are too many plans to measure.
    """

    def __init__(self, menu: Menu) -> None:
        if menu.plans > MOST_PLANS:
            raise SettingError(
                f"brute would measure up to {menu.plans:,} plans, more than {MOST_PLANS:,}; lock "
                "layers, give fewer `schemes`, or use `sampler` = surrogate"
            )
        self._menu = menu
        every = np.array(list(product(*(range(len(menu)) for menu in menu.schemes))), np.int64)
        nbytes = menu.totals(every)
        order = np.argsort(nbytes, kind="stable")
        self._choices, self._nbytes = every[order], nbytes[order]
        self._next = 0
        self._proposed: list[int] = []

    def next(self, history: History, running: Collection[Plan] = ()) -> Sequence[Suggestion]:
        """The next plans that could be better than the best one."""
        # What was proposed and is not measured comes again: others had claimed it, and may die.
        places = [at for at in self._proposed if self._is_open(at, history)]
        free = sum(self._plan(at) not in running for at in places)
        while self._next < len(self._choices) and free < _AT_ONCE:
            if not self._could_be_better(self._next, history):
                break
            if self._is_open(self._next, history):
                places.append(self._next)
                free += self._plan(self._next) not in running
            self._next += 1
        self._proposed = places
        return [Suggestion(self._plan(at), "brute") for at in places]

    def _could_be_better(self, at: int, history: History) -> bool:
        nbytes, goal, best = int(self._nbytes[at]), history.goal, history.best
        if goal.max_nbytes is not None and nbytes > goal.max_nbytes:
            return False
        return goal.kind != "budget" or best is None or nbytes < best.nbytes

    def _is_open(self, at: int, history: History) -> bool:
        return self._could_be_better(at, history) and self._plan(at) not in history

    def _plan(self, at: int) -> Plan:
        return self._menu.plan(self._choices[at].tolist())
