"""Optuna's samplers, asked in memory over the plans measured so far."""

import hashlib
import warnings
from typing import Final, Literal, get_args

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, create_trial

from mpsearch.core.plan import Plan
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu

OptunaSampler = Literal["tpe", "nsga2", "random"]
OPTUNA_SAMPLERS: Final[tuple[OptunaSampler, ...]] = get_args(OptunaSampler)

#: Name of the constraint in every trial: drop − budget in percentage points, ≤ 0 if it is kept.
CONSTRAINT: Final = "drop_over_budget_pp"

_ATTEMPTS: Final = 40  # proposals looked at before the sampler counts as exhausted
_POPULATION: Final = 20


def as_trial(
    one: Tried, menu: Menu, budget_pp: float, attributes: dict[str, object]
) -> FrozenTrial:
    """A measured plan as one finished Optuna trial.

    Parameters are layer → scheme, the value is nbytes, the constraint is drop − budget.
    """
    return create_trial(
        params=dict(zip(one.plan.layers, one.plan.schemes, strict=True)),
        distributions=distributions(menu),
        value=float(one.nbytes),
        user_attrs=attributes,
        constraints={CONSTRAINT: one.drop_pp - budget_pp},
    )


def distributions(menu: Menu) -> dict[str, optuna.distributions.BaseDistribution]:
    """Layer → its choices."""
    return {
        layer: CategoricalDistribution(schemes)
        for layer, schemes in zip(menu.layers, menu.schemes, strict=True)
    }


class OptunaProposer:
    """Proposes what one of Optuna's samplers would.

    A fresh sampler is made for every proposal, seeded by the search's seed and the number of
    plans measured, so that a resumed search continues as if it had not been interrupted.

    Args:
        kind: Which sampler.
        menu: The choices.
        seed: Of the search.
    """

    def __init__(self, kind: OptunaSampler, menu: Menu, seed: int) -> None:
        self._kind = kind
        self._menu = menu
        self._seed = seed

    def next(self, history: History) -> tuple[Plan, str] | None:
        """A plan that is not measured yet and could be better than the best, or None."""
        best = history.best
        limit = None if best is None else best.nbytes
        study = self._study(history)
        for _ in range(_ATTEMPTS):
            trial = study.ask(distributions(self._menu))
            plan = Plan.from_mapping(self._menu.layers, trial.params)
            choice = self._menu.choice(plan)
            assert choice is not None
            smaller = limit is None or self._menu.total(choice) < limit
            if smaller and plan not in history:
                return plan, self._kind
        return None

    def _study(self, history: History) -> optuna.Study:
        digest = hashlib.sha256(f"{self._seed}:{len(history)}".encode()).digest()
        study = optuna.create_study(sampler=self._sampler(int.from_bytes(digest[:4])))
        study.add_trials(
            [
                as_trial(one, self._menu, history.budget_pp, {})
                for one in history.tried
                if self._menu.choice(one.plan) is not None
            ]
        )
        return study

    def _sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        with warnings.catch_warnings():
            # constant_liar and others are marked experimental; we depend on no detail of them.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            match self._kind:
                case "tpe":
                    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=10)
                case "nsga2":
                    return optuna.samplers.NSGAIISampler(seed=seed, population_size=_POPULATION)
                case "random":
                    return optuna.samplers.RandomSampler(seed=seed)
