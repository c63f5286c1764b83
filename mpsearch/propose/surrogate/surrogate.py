"""The surrogate search: a model of the network, fitted to what was measured, proposes plans."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.proposer import Suggestion
from mpsearch.propose.surrogate.advisor import TOLERANCE, Advisor, Proposal
from mpsearch.propose.surrogate.assessment import Assessment, assess
from mpsearch.propose.surrogate.cells import Cells, rows_at_once
from mpsearch.propose.surrogate.measured import Measured
from mpsearch.propose.surrogate.observed import MOST_FITTED, Observed
from mpsearch.propose.surrogate.posterior import Posterior
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.values.arrays import Float64Array
from mpsearch.values.plan import Plan

# A front is searched for these budgets in turn, percentage points.
FRONT_BUDGETS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)

# After so many measurements the screening is taken anew, around the plan nearest the limit.
_RECENTRE: Final = (3, 8, 16, 30, 60, 120, 240)


class Surrogate:
    """Proposes the plan of the greatest expected saving.

    It knows that bytes add up, has screened all layers by one backward pass per image, predicts
    margins with a model fitted to all measured plans, and looks for candidates on the exact
    frontier of that model's knapsack and around the best plans. Its proposals are a function of
    the measured and the running plans alone, not of a seed or of earlier calls.

    Args:
        menu: The choices.
        goal: The budget, the size, or the front.
        screen: Predicts single layers.
        tolerance: Expected saving below which the search turns to polishing, as a share of the
            best plan's bytes.
    """

    def __init__(
        self, menu: Menu, goal: Goal, screen: Screen, tolerance: float = TOLERANCE
    ) -> None:
        self.menu = menu
        self._goal, self._screen, self._tolerance = goal, screen, tolerance

    @property
    def screened(self) -> Cells:
        """The cells around the trained weights."""
        return self._screen.around(None, self._screen.baseline.margin)

    def nothing_measured(self) -> Measured:
        """An empty record of measured plans."""
        return Measured(self.menu, len(self._screen.baseline.margin))

    def measured(self, history: History) -> Measured:
        """The measured plans of a search."""
        measured = self.nothing_measured()
        measured.extend(history.tried)
        return measured

    def propose(self, measured: Measured, running: Sequence[Choice] = ()) -> Proposal | None:
        """The plan to measure next; None if nothing promises.

        Args:
            measured: The measured plans.
            running: Plans that are being measured elsewhere: they are expected to turn out as
                predicted, so that simultaneous workers get different plans.
        """
        if self._goal.kind != "front":
            return self._for(self._goal, measured, running)
        return self._for_front(measured, running)

    def assess(self, measured: Measured) -> Assessment | None:
        """How good the model is on what was measured; None without measurements, or for a front."""
        if not len(measured) or self._goal.kind == "front":
            return None
        cells, seen = self.view(self._goal, measured, ())
        return assess(self.menu, cells, self._goal, seen)

    def expected_drops(
        self, measured: Measured, choices: Sequence[Choice], *, recentres: bool = True
    ) -> list[float]:
        """Drops that the model, fitted to the measured plans, predicts of others.

        Args:
            measured: The measured plans.
            choices: The other plans.
            recentres: Whether layers are screened around a measured plan, which is more exact and
                takes backward passes; else around the trained weights.
        """
        cells, seen = self.view(self._goal, measured, (), recentres=recentres)
        seen = seen.only(seen.nearest(self._goal, MOST_FITTED))
        posterior = Posterior(cells, seen.choices, seen.change)
        step = rows_at_once(len(cells.margin))
        drops: list[float] = []
        for first in range(0, len(choices), step):
            some = np.array(choices[first : first + step], dtype=np.int64)
            drops += [float(drop) for drop in cells.drop_pp(posterior.predict(some).change)]
        return drops

    def view(
        self,
        goal: Goal,
        measured: Measured,
        running: Sequence[Choice],
        *,
        recentres: bool = True,
    ) -> tuple[Cells, Observed]:
        """The screening that serves now, and what was measured, relative to its centre."""
        centre = _centre(goal, measured) if recentres else None
        if centre is None:
            cells = self.screened
        else:
            choice = tuple(int(option) for option in measured.choices[centre])
            cells = self._screen.around(choice, measured.margins[centre])
        seen = Observed(
            choices=measured.choices,
            change=measured.margins - cells.margin,
            nbytes=measured.nbytes,
            drop_pp=measured.drop_pp,
            pending=np.array(running, dtype=np.int64).reshape(-1, len(self.menu.schemes)),
        )
        return cells, seen

    def _for_front(self, measured: Measured, running: Sequence[Choice]) -> Proposal | None:
        """The budgets in turn; those for which nothing is left are skipped."""
        turn = len(measured) + len(running)
        for offset in range(len(FRONT_BUDGETS)):
            budget = FRONT_BUDGETS[(turn + offset) % len(FRONT_BUDGETS)]
            proposal = self._for(Goal(self._goal.metric, budget), measured, running)
            if proposal is not None and proposal.origin == "surrogate":
                return proposal
        return None

    def _for(self, goal: Goal, measured: Measured, running: Sequence[Choice]) -> Proposal | None:
        cells, seen = self.view(goal, measured, running)
        return Advisor(self.menu, cells, goal, self._tolerance).propose(seen)


class SurrogateProposer:
    """The surrogate as a search method.

    Args:
        surrogate: Proposes.
    """

    def __init__(self, surrogate: Surrogate) -> None:
        self._surrogate = surrogate
        self._measured = surrogate.nothing_measured()
        self._read = 0  # plans of the history that are in it

    def next(self, history: History, running: Collection[Plan] = ()) -> Sequence[Suggestion]:
        """One plan, or none."""
        self._measured.extend(history.tried[self._read :])
        self._read = len(history.tried)
        menu = self._surrogate.menu
        pending = [menu.choice(p) for p in sorted(running, key=lambda plan: plan.schemes)]
        proposal = self._surrogate.propose(self._measured, [c for c in pending if c is not None])
        plan = None if proposal is None else menu.plan(proposal.choice)
        if proposal is None or plan is None or plan in history:
            return []
        return [Suggestion(plan, proposal.origin, proposal.expected_saving, proposal.left)]


def _centre(goal: Goal, measured: Measured) -> int | None:
    """The plan around which to screen: of the earlier ones the nearest to the limit."""
    among = max((count for count in _RECENTRE if count <= len(measured)), default=0)
    if not among:
        return None
    nbytes, drops = measured.nbytes[:among], measured.drop_pp[:among]
    if goal.max_nbytes is not None:
        return _first_least(np.where(nbytes <= goal.max_nbytes, drops, np.inf))
    return _first_least(np.abs(drops - (goal.budget_pp or 0.0)))


def _first_least(distance: Float64Array) -> int | None:
    least = int(np.argmin(distance))
    return least if np.isfinite(distance[least]) else None
