"""Optuna's samplers, asked in memory over the plans measured so far."""

import hashlib
import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, Literal

import optuna
from optuna.trial import TrialState

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.proposer import Suggestion
from mpsearch.study.trial_form import (
    as_trial,
    constraints,
    directions,
    distributions,
    values,
)
from mpsearch.values.plan import Plan

OptunaSampler = Literal["tpe", "nsga2", "random"]

_ATTEMPTS: Final = 40  # proposals looked at before the sampler counts as exhausted
_POPULATION: Final = 20


class _Asked:
    """An in-memory study that receives the measured trials."""

    def __init__(self, menu: Menu, goal: Goal, sampler: optuna.samplers.BaseSampler) -> None:
        self._menu, self._goal = menu, goal
        optuna.logging.set_verbosity(optuna.logging.ERROR)  # what a study does, we say
        self.study = optuna.create_study(directions=directions(goal), sampler=sampler)

    def ask(self) -> tuple[optuna.Trial, Plan]:
        trial = self.study.ask(distributions(self._menu))
        return trial, Plan(self._menu.layers, tuple(trial.params[k] for k in self._menu.layers))

    def tell(self, trial: optuna.Trial, tried: Tried) -> None:
        tried = replace(tried, unseen=None)  # what is held back leads no search
        for name, value in (constraints(tried, self._goal) or {}).items():
            trial.set_constraint(name, value)
        self.study.tell(trial, values(tried, self._goal))

    def drop(self, trial: optuna.Trial) -> None:
        self.study.tell(trial, state=TrialState.FAIL)

    def add(self, tried: Tried) -> None:
        tried = replace(tried, unseen=None)
        if self._menu.choice(tried.plan) is not None:
            attributes = {"margin": tried.margin.tolist(), "drop_pp": tried.drop_pp}
            self.study.add_trial(as_trial(tried, self._menu, self._goal, attributes))


class OptunaProposer:
    """Proposes what one of Optuna's samplers would.

    A fresh sampler is made for every proposal, seeded by the search's seed and the number of
    plans measured, and what a sampler keeps in its trials is made again by asking again: a
    resumed search continues as if it had not been interrupted.

    Args:
        kind: Name of the sampler.
        menu: The choices.
        goal: Budget, size limit or front that is asked for.
        seed: Seed of the search.
    """

    def __init__(self, kind: OptunaSampler, menu: Menu, goal: Goal, seed: int) -> None:
        self._kind = kind
        self._seed = seed
        self._asked = _Asked(menu, goal, self._sampler(0))
        self._told: dict[Plan, Tried] = {}
        self._open: tuple[optuna.Trial, Plan] | None = None

    def next(self, history: History, running: Collection[Plan] = ()) -> Sequence[Suggestion]:
        """One plan that is not measured yet, or none."""
        for tried in history.tried[len(self._told) :]:
            if self._open is None and tried.origin == self._kind:
                self._open = self._ask(())
            if self._open is not None and self._open[1] == tried.plan:
                self._asked.tell(self._open[0], tried)
                self._open = None
            else:
                self._asked.add(tried)
            self._told[tried.plan] = tried
        if self._open is not None and self._open[1] in running:
            self._asked.drop(self._open[0])
            self._open = None
        if self._open is None:
            self._open = self._ask(running)
        return [] if self._open is None else [Suggestion(self._open[1], self._kind)]

    def _ask(self, running: Collection[Plan]) -> tuple[optuna.Trial, Plan] | None:
        for attempt in range(_ATTEMPTS):
            text = f"{self._seed}:{len(self._told)}:{attempt}"
            digest = hashlib.sha256(text.encode()).digest()
            self._asked.study.sampler = self._sampler(int.from_bytes(digest[:4]))
            trial, plan = self._asked.ask()
            if plan in self._told:
                self._asked.tell(trial, self._told[plan])
            elif plan in running:
                self._asked.drop(trial)
            else:
                return trial, plan
        return None

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
