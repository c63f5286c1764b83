"""Every plan, the most wanted first: the one method whose answer is proved."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np

from mpsearch.core.errors import SettingError
from mpsearch.search.history import History
from mpsearch.search.menu import Menu
from mpsearch.search.samplers import Suggestion

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
                "layers, give fewer --schemes, or use --sampler surrogate"
            )
        self._menu = menu
        every = np.array(list(product(*(range(len(menu)) for menu in menu.schemes))), np.int64)
        nbytes = menu.totals(every)
        order = np.argsort(nbytes, kind="stable")
        self._choices, self._nbytes = every[order], nbytes[order]
        self._next = 0

    def next(self, history: History) -> Sequence[Suggestion]:
        """The next plans that could be better than the best one."""
        goal, best = history.goal, history.best
        found: list[Suggestion] = []
        while self._next < len(self._choices) and len(found) < _AT_ONCE:
            nbytes = int(self._nbytes[self._next])
            if goal.max_nbytes is not None and nbytes > goal.max_nbytes:
                break
            if goal.kind == "budget" and best is not None and nbytes >= best.nbytes:
                break
            plan = self._menu.plan(self._choices[self._next].tolist())
            self._next += 1
            if plan not in history:
                found.append(Suggestion(plan, "brute"))
        return found
