"""Which plan to measure next: a pure function of the screening and of what was measured."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.observed import Observed
from mpsearch.propose.surrogate.step import Step, as_choice

Origin = Literal["surrogate", "polish", "explore", "nearest"]

TOLERANCE: Final = 2e-4  # expected saving, as a share of the best plan's bytes, worth measuring

# Of thousands of candidates the one that looks best is the one whose error is luckiest: chances
# count with a power, higher for more variables, until they promise nothing; then as they are.
_CAUTION: Final = (2.0, 4.0)
_VARIABLES_PER_CAUTION: Final = 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan to measure.

    Attributes:
        choice: The proposed plan.
        origin: Why: ``surrogate`` expects it to save most; ``polish`` is a single change of the
            best plan; ``explore`` takes chances that ``surrogate`` does not; ``nearest`` may be
            gentler than all others where none is feasible.
        expected_saving: Bytes, or percentage points where bytes are given.
        left: Plans to measure from here on, this one included, if none of them is better: single
            changes of the best plan.
    """

    choice: tuple[int, ...]
    origin: Origin
    expected_saving: float
    left: int


class Advisor:
    """Proposes plans for one budget, or one size.

    Args:
        menu: The choices.
        cells: Screened changes of the margins.
        goal: The limit: a budget or a size, not a front.
        tolerance: Expected saving below which the search turns to polishing.
    """

    def __init__(self, menu: Menu, cells: Cells, goal: Goal, tolerance: float = TOLERANCE) -> None:
        self._menu = menu
        self._cells = cells
        self._goal = goal
        self._tolerance = tolerance
        self._caution = float(np.clip(len(menu.variables) / _VARIABLES_PER_CAUTION, *_CAUTION))

    def propose(self, seen: Observed) -> Proposal | None:
        """The plan to measure next, or None if nothing promises and the best plan is polished."""
        step = Step(self._menu, self._cells, self._goal, seen)
        worth = self._tolerance * step.worth
        left = step.changes_left()
        careful = step.best_candidate(self._caution)
        if careful is not None and careful[1] > worth:
            return Proposal(as_choice(careful[0]), "surrogate", careful[1], left)
        if step.best is None:
            nearest = step.gentlest()
            return None if nearest is None else Proposal(nearest, "nearest", 0.0, left)
        change = step.polishing_change()
        if change is not None:
            return Proposal(change[0], "polish", change[1], left)
        bold = step.best_candidate(1.0)
        if bold is not None and bold[1] > worth:
            return Proposal(as_choice(bold[0]), "explore", bold[1], left)
        return None
