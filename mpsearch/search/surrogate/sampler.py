"""The surrogate search as a sampler of Optuna's."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from mpsearch.core.arrays import Float64Array, IntArray
from mpsearch.core.plan import Plan
from mpsearch.search.goal import Goal
from mpsearch.search.menu import Choice, Menu
from mpsearch.search.surrogate.advisor import TOLERANCE, Advisor, Proposal
from mpsearch.search.surrogate.assessment import Assessment, assess
from mpsearch.search.surrogate.cells import Cells, rows_at_once
from mpsearch.search.surrogate.observed import MOST_FITTED, Observed
from mpsearch.search.surrogate.posterior import Posterior
from mpsearch.search.surrogate.screen import Screen

# A front is searched for these budgets in turn, percentage points.
FRONT_BUDGETS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)

# After so many measurements the screening is taken anew, around the plan nearest the limit.
_RECENTRE: Final = (3, 8, 16, 30, 60, 120, 240)


class _Row(NamedTuple):
    """A finished trial."""

    choice: Choice
    margin: Sequence[float]
    nbytes: int
    drop_pp: float


class SurrogateSampler(optuna.samplers.BaseSampler):
    """Proposes the plan of the greatest expected saving.

    It knows that bytes add up, has screened all layers by one backward pass per image, predicts
    margins with a model fitted to all finished trials, and looks for candidates on the exact
    frontier of that model's knapsack and around the best plans. What it proposes depends on the
    finished and the running trials alone, not on a seed or on earlier calls.

    Trials need the user attributes ``margin`` (log-odds per image) and ``drop_pp``; their
    parameters are layer → scheme. Running trials are believed to turn out as predicted, so that
    simultaneous workers get different plans.

    Args:
        menu: The choices.
        goal: What is asked.
        screen: Predicts single layers.
        tolerance: Expected saving below which the search turns to polishing, as a share of the
            best plan's bytes.
    """

    def __init__(
        self, menu: Menu, goal: Goal, screen: Screen, tolerance: float = TOLERANCE
    ) -> None:
        self._menu, self._goal, self._screen = menu, goal, screen
        self._tolerance = tolerance
        #: The latest proposal; None if nothing was left to propose.
        self.last: Proposal | None = None

    @property
    def screened(self) -> Cells:
        """The cells around the trained weights."""
        return self._screen.around(None, self._screen.baseline.margin)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All layers, always."""
        return distributions(self._menu)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Layer → scheme of the plan to measure; any if nothing is left."""
        trials = study.get_trials(deepcopy=False)
        self.last = self.propose([one for one in trials if one.number != trial.number])
        choice = (0,) * len(self._menu.schemes) if self.last is None else self.last.choice
        return self._menu.plan(choice).as_mapping()

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A layer the menu does not have.

        Raises:
            ValueError: Always: the study is of another model.
        """
        raise ValueError(f"parameter {param_name!r} is not a layer of the sampler's menu")

    def propose(self, trials: Sequence[FrozenTrial]) -> Proposal | None:
        """The plan to measure next, given a study's trials; None if nothing promises."""
        rows, pending = self._read(trials)
        if self._goal.kind != "front":
            return self._for(self._goal, rows, pending)
        return self._for_front(rows, pending)

    def assess(self, trials: Sequence[FrozenTrial]) -> Assessment | None:
        """How good the model is on what was measured; None without measurements, or for a front."""
        rows, _ = self._read(trials)
        if not rows or self._goal.kind == "front":
            return None
        cells, seen = self._view(self._goal, rows, [])
        return assess(self._menu, cells, self._goal, seen)

    def expected_drops(
        self, trials: Sequence[FrozenTrial], choices: Sequence[Choice]
    ) -> list[float]:
        """Drops that the model, fitted to the finished trials, expects of plans."""
        rows, _ = self._read(trials)
        cells, seen = self._view(self._goal, rows, [])
        seen = seen.only(seen.nearest(self._goal, MOST_FITTED))
        posterior = Posterior(cells, seen.choices, seen.change)
        step = rows_at_once(len(cells.margin))
        drops: list[float] = []
        for first in range(0, len(choices), step):
            some = np.array(choices[first : first + step], dtype=np.int64)
            drops += [float(drop) for drop in cells.drop_pp(posterior.predict(some).change)]
        return drops

    def _read(self, trials: Sequence[FrozenTrial]) -> tuple[list[_Row], list[Choice]]:
        """What the finished trials measured, and the plans of the running ones."""
        rows, pending = [], []
        for one in trials:
            if not set(self._menu.layers) <= set(one.params):
                continue
            choice = self._menu.choice(_plan(self._menu, one))
            if choice is None:
                continue
            if one.state == TrialState.RUNNING:
                pending.append(choice)
            elif one.state == TrialState.COMPLETE and "margin" in one.user_attrs:
                drop = float(one.user_attrs["drop_pp"])
                nbytes = self._menu.total(choice)
                rows.append(_Row(choice, one.user_attrs["margin"], nbytes, drop))
        return rows, pending

    def _for_front(self, rows: list[_Row], pending: list[Choice]) -> Proposal | None:
        """The budgets in turn; those for which nothing is left are skipped."""
        turn = len(rows) + len(pending)
        for offset in range(len(FRONT_BUDGETS)):
            budget = FRONT_BUDGETS[(turn + offset) % len(FRONT_BUDGETS)]
            proposal = self._for(Goal(self._goal.metric, budget), rows, pending)
            if proposal is not None and proposal.origin == "surrogate":
                return proposal
        return None

    def _for(self, goal: Goal, rows: list[_Row], pending: list[Choice]) -> Proposal | None:
        cells, seen = self._view(goal, rows, pending)
        return Advisor(self._menu, cells, goal, self._tolerance).propose(seen)

    def _view(self, goal: Goal, rows: list[_Row], pending: list[Choice]) -> tuple[Cells, Observed]:
        """The screening that serves now, and what was measured, relative to its centre."""
        variables, images = len(self._menu.schemes), len(self._screen.baseline.margin)
        margins = np.array([row.margin for row in rows], dtype=np.float64).reshape(-1, images)
        nbytes = np.array([row.nbytes for row in rows], dtype=np.int64)
        drops = np.array([row.drop_pp for row in rows], dtype=np.float64)
        centre = self._centre(goal, nbytes, drops)
        if centre is None:
            cells = self.screened
        else:
            cells = self._screen.around(rows[centre].choice, margins[centre])
        seen = Observed(
            choices=np.array([row.choice for row in rows], dtype=np.int64).reshape(-1, variables),
            change=margins - cells.margin,
            nbytes=nbytes,
            drop_pp=drops,
            pending=np.array(pending, dtype=np.int64).reshape(-1, variables),
        )
        return cells, seen

    @staticmethod
    def _centre(
        goal: Goal,
        nbytes: IntArray,
        drops: Float64Array,
    ) -> int | None:
        """The plan around which to screen: of the earlier ones the nearest to the limit."""
        among = max((count for count in _RECENTRE if count <= len(drops)), default=0)
        if not among:
            return None
        if goal.max_nbytes is not None:
            within = [i for i in range(among) if nbytes[i] <= goal.max_nbytes]
            return min(within, key=lambda i: (float(drops[i]), i), default=None)
        budget = goal.budget_pp or 0.0
        return min(range(among), key=lambda i: (abs(float(drops[i]) - budget), i))


def distributions(menu: Menu) -> dict[str, BaseDistribution]:
    """Layer → its choices."""
    return {
        layer: CategoricalDistribution(schemes)
        for layer, schemes in zip(menu.layers, menu.layer_schemes, strict=True)
    }


def _plan(menu: Menu, trial: FrozenTrial) -> Plan:
    return Plan(menu.layers, tuple(trial.params[layer] for layer in menu.layers))
