"""The surrogate search as a sampler of Optuna's, for any study."""

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from mpsearch.propose.goal import Goal
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.surrogate.advisor import TOLERANCE, Proposal
from mpsearch.propose.surrogate.measured import Measured
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.study.trial_form import distributions
from mpsearch.values.plan import Plan


class SurrogateSampler(optuna.samplers.BaseSampler):
    """Gives Optuna's trials to :class:`Surrogate`, and its proposals to Optuna.

    Trials need the user attributes ``margin`` (log-odds per image) and ``drop_pp``; their
    parameters are layer → scheme. Proposals depend on the finished and the running trials alone.

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
        self._menu = menu
        self._surrogate = Surrogate(menu, goal, screen, tolerance)

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
        proposal = self.propose([other for other in trials if other.number != trial.number])
        choice = (0,) * len(self._menu.schemes) if proposal is None else proposal.choice
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
        return self._surrogate.propose(*self._read(trials))

    def _read(self, trials: Sequence[FrozenTrial]) -> tuple[Measured, list[Choice]]:
        """What the finished trials measured, and the plans of the running ones."""
        measured, running = self._surrogate.nothing_measured(), list[Choice]()
        layers = self._menu.layers
        for trial in trials:
            if not set(layers) <= set(trial.params):
                continue
            choice = self._menu.choice(Plan(layers, tuple(trial.params[key] for key in layers)))
            if choice is None:
                continue
            if trial.state == TrialState.RUNNING:
                running.append(choice)
            elif trial.state == TrialState.COMPLETE and "margin" in trial.user_attrs:
                measured.add(choice, trial.user_attrs["margin"], float(trial.user_attrs["drop_pp"]))
        return measured, running
