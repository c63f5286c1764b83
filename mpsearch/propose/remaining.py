"""How much of a search is left."""

import time
from bisect import bisect_left
from typing import Final

from mpsearch.propose.history import History
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.candidates import uniform_choices
from mpsearch.values.progress import Work

_USUAL: Final = 0.5  # how much fewer plans are open after a measurement, before that was seen
_WEIGHT: Final = 4.0  # measurements that weighs
_LEAST, _MOST = 0.35, 1.0
_SURPRISE: Final = 0.15  # of the plans measured: a better one at the end opens new ones


class Remaining:
    """Plans that a search will still measure, as it looks now.

    A proposer says how many plans are open if none of them is better than the best. While better
    ones are found, a measurement leaves less than one fewer of them: by how much is seen over the
    later half of the measurements.

    Args:
        menu: The menu, whose uniform plans come last.
        history: Grows.
        most: Plans that may be measured, those included; None for no limit.
        deadline: End of the search in seconds of ``time.monotonic``; None for none.
    """

    def __init__(
        self, menu: Menu, history: History, most: int | None, deadline: float | None
    ) -> None:
        self._history, self._most, self._deadline = history, most, deadline
        choices = uniform_choices(menu)
        self._uniform = {menu.plan(choice): menu.total(choice) for choice in choices}
        self._before = len(history)
        self._measured: list[int] = []
        self._open: list[int] = []
        self._expected: float | None = most

    def foresee(self, left: int | None) -> None:
        """Take what a proposer says: plans that are open; None if it does not say."""
        if left is None:
            return
        measured = len(self._history)
        self._measured.append(measured)
        self._open.append(left)
        half = bisect_left(self._measured, measured / 2)
        fewer = self._open[half] - left
        rate = (fewer + _USUAL * _WEIGHT) / (measured - self._measured[half] + _WEIGHT)
        expected = measured + max(left / min(_MOST, max(_LEAST, rate)), _SURPRISE * measured)
        expected += self._smaller_uniform()
        self._expected = min(expected, self._most or expected)

    def work(self) -> Work | None:
        """Plans measured since the beginning, and those left; None while nothing is known."""
        if self._expected is None:
            return None
        measured = len(self._history)
        seconds = None if self._deadline is None else self._deadline - time.monotonic()
        return Work(measured - self._before, max(0.0, self._expected - measured), seconds)

    def _smaller_uniform(self) -> int:
        best = self._history.best
        if best is None:
            return 0
        sizes = self._uniform.items()
        return sum(nbytes < best.nbytes for plan, nbytes in sizes if plan not in self._history)
