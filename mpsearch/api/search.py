"""Find the best plan."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.api.limits import BudgetOn, Wanted, check_limits, most_trials
from mpsearch.api.menu import make_menu
from mpsearch.api.outcome import conclude
from mpsearch.api.workbench import Workbench
from mpsearch.core.errors import SettingError
from mpsearch.core.files import write_text
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress, Silent
from mpsearch.engine.confidence import Metric
from mpsearch.export.plan_json import PlanFile
from mpsearch.schemes import DOCUMENTED
from mpsearch.search.goal import Goal
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu
from mpsearch.search.result import SearchResult
from mpsearch.search.rules import Rules
from mpsearch.search.run import Limits, Rival, Sampler, Searched, make_proposer, run_search
from mpsearch.search.storage.address import sqlite_url
from mpsearch.search.study import StudyStore
from mpsearch.search.surrogate.sampler import SurrogateSampler
from mpsearch.search.surrogate.screen import Screen
from mpsearch.search.verify import held_back
from mpsearch.search.workers.helpers import Helpers
from mpsearch.sensitivity.plans import uniform_plan
from mpsearch.sensitivity.profile import SensitivityProfile

# With --budget-on verify: tighter budgets that are searched too, as shares of the one asked.
_TIGHTER: Final = (0.5, 0.25, 0.1)
_FEWEST_HELD: Final = 4  # images of which an interval says anything


def find_plan(
    workbench: Workbench,
    profile: SensitivityProfile | None = None,
    *,
    budget_pp: float | None = None,
    max_bytes: int | None = None,
    ratio: float | None = None,
    pareto: bool = False,
    schemes: Sequence[str] | None = None,
    rules: Rules | None = None,
    metric: Metric = "mean",
    sampler: Sampler = "surrogate",
    trials: int | None = None,
    timeout: float | None = None,
    seed: int = 0,
    holdout: float | None = None,
    budget_on: BudgetOn = "search",
    compare: Sequence[Rival] = (),
    folder: Path,
    study_name: str = "search",
    storage: str | None = None,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
) -> SearchResult:
    """Search for the smallest plan whose drop is at most *budget_pp*, or the mirror of that.

    Every finished measurement is a trial of an Optuna study in *folder*; the same call resumes
    it. The best feasible plan so far is in ``best.json`` there whenever there is one.

    Args:
        workbench: Model and images.
        profile: Of the same workbench; what it has measured is not measured again. None is fine.
        budget_pp: Largest drop allowed, percentage points, 0 to 100; with *pareto*, which plan of
            the front is returned (2 where it is None).
        max_bytes: Instead of a budget: most bytes of all parameters; the gentlest plan is found.
        ratio: The same, as how many times smaller all parameters must become.
        pareto: Search the whole front of bytes against drop.
        schemes: Scheme names, or names of menus; the profile's, or the documented schemes, where
            it is None.
        rules: Locked, forbidden and tied layers.
        metric: ``mean``, ``max`` or ``p95`` over images.
        sampler: Who proposes plans.
        trials: Finished trials in the study, at most (uniform plans may come on top); where it is
            None, 200, and for ``brute`` as many as it takes.
        timeout: Seconds, at most.
        seed: Of the sampler; ``surrogate`` and ``brute`` need none.
        holdout: Share of the images held back to verify the plan, 0 to below 1; a third where it
            is None and there are four images or more.
        budget_on: ``verify`` returns a plan whose drop on the held-back images keeps the budget
            up to the upper end of its 95 % interval.
        compare: Other methods to run with as many trials, each in a study of its own beside this
            one; what they reach is in the result's ladder.
        folder: The study's folder.
        study_name: Of the Optuna study.
        storage: Optuna's storage URL; an SQLite file in *folder* where it is None. The same call
            in other processes, here or elsewhere, with the same storage joins the search.
        progress: Is told of every trial.
        helpers: Processes of ours that join the search while it runs.

    Raises:
        SettingError: If a setting is out of range or does not fit the others.
        StudyError: If the study was started with something else.
        EnvironmentFault: If the storage fails; what was measured is kept.
    """
    wanted = Wanted(budget_pp, max_bytes, ratio, pareto, budget_on)
    check_limits(wanted, trials, timeout, holdout)
    search = _Search(
        everything=workbench,
        whole_profile=profile,
        schemes=tuple(schemes) if schemes is not None else None,
        rules=rules or Rules(),
        metric=metric,
        sampler=sampler,
        limits=Limits(most_trials(sampler, trials), timeout),
        seed=seed,
        holdout=holdout,
        folder=folder,
        url=storage or sqlite_url(folder / "study.db"),
        progress=progress or Silent(),
    )
    goal = wanted.goal(metric, workbench)
    search.require(wanted, compare)
    try:
        searched, others = search.run_all(wanted, study_name, helpers)
    finally:
        if helpers is not None:
            helpers.stop()
    rivals: dict[str, History] = {
        rival: search.run(goal, f"{study_name}~{rival}", rival, len(searched.history)).history
        for rival in compare
    }
    return conclude(
        work=search.work,
        held=search.held,
        menu=search.menu,
        searched=searched,
        others=others,
        rivals=rivals,
        wanted=wanted,
        surrogate=search.surrogate(goal),
        profile=search.profile,
        passes=search.screen.passes,
        begun=search.begun,
    )


def help_search(
    workbench: Workbench,
    profile: SensitivityProfile | None,
    *,
    wanted: Wanted,
    schemes: Sequence[str],
    rules: Rules,
    metric: Metric,
    sampler: Sampler,
    trials: int | None,
    seed: int,
    holdout: float | None,
    folder: Path,
    study_name: str,
    storage: str | None,
) -> None:
    """Be one more process of a search that :func:`find_plan` makes with the same arguments.

    Proposes and measures until nothing is left; what comes after is left to whoever made it.

    Raises:
        StudyError: If the study was started with something else.
        EnvironmentFault: If the storage fails; what was measured is kept.
    """
    search = _Search(
        everything=workbench,
        whole_profile=profile,
        schemes=tuple(schemes),
        rules=rules,
        metric=metric,
        sampler=sampler,
        limits=Limits(most_trials(sampler, trials)),
        seed=seed,
        holdout=holdout,
        folder=folder,
        url=storage or sqlite_url(folder / "study.db"),
        progress=Silent(),
        is_helper=True,
    )
    search.run_all(wanted, study_name)


@dataclass(eq=False)
class _Search:
    """What all searches of one call share."""

    everything: Workbench
    whole_profile: SensitivityProfile | None
    schemes: tuple[str, ...] | None
    rules: Rules
    metric: Metric
    sampler: Sampler
    limits: Limits
    seed: int
    holdout: float | None
    folder: Path
    url: str
    progress: Progress
    is_helper: bool = False
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        count = len(self.everything.images)
        back = held_back(count, self.holdout)
        kept = [i for i in range(count) if i not in set(back.tolist())]
        self.work, self.held = self.everything, None
        self.profile = self.whole_profile
        if len(back):
            rows = np.array(kept, dtype=np.int64)
            self.work = self.everything.of_images(rows)
            self.held = self.everything.of_images(back)
            if self.profile is not None:
                fingerprint = self.work.fingerprint.as_mapping()
                self.profile = self.profile.of_images(rows, fingerprint)

    def require(self, wanted: Wanted, compare: Sequence[Rival]) -> None:
        """Refuse now what would fail after the search.

        Raises:
            SettingError: Says what is missing.
        """
        held = 0 if self.held is None else len(self.held.images)
        if wanted.budget_on == "verify" and held < _FEWEST_HELD:
            raise SettingError(
                f"--budget-on verify needs {_FEWEST_HELD} images held back, there are {held}; give "
                "more images, or a larger --holdout"
            )
        if "greedy" in compare and self.menu.original is None:
            raise SettingError(
                "--compare greedy starts from original; add it to --schemes, or lock less"
            )

    @cached_property
    def menu(self) -> Menu:
        """The choices, under the rules."""
        known = self.profile.schemes if self.profile is not None else DOCUMENTED
        return make_menu(self.work, self.schemes or known, self.rules, self.progress)

    @cached_property
    def screen(self) -> Screen:
        """Screens for all goals of the call: they differ in their limits alone."""
        return Screen(
            self.work.engine,
            self.work.model.network,
            self.work.inputs,
            self.menu,
            self.metric,
            self.profile,
            lambda _: self.progress.advance(0, "screening layers by their gradients"),
        )

    def surrogate(self, goal: Goal) -> SurrogateSampler:
        """Our sampler for a goal; also judges what others found."""
        return SurrogateSampler(self.menu, goal, self.screen)

    def run_all(
        self, wanted: Wanted, name: str, helpers: Helpers | None = None
    ) -> tuple[Searched, list[History]]:
        """The study, and those of tighter budgets that ``--budget-on verify`` takes."""
        searched = self.run(
            wanted.goal(self.metric, self.everything), name, helpers=helpers, main=True
        )
        others: list[History] = []
        if wanted.budget_on == "verify":
            for share in _TIGHTER:
                tighter = Goal(self.metric, share * (wanted.budget_pp or 0.0))
                found = self.run(tighter, f"{name}~{share:g}", helpers=helpers)
                others.append(found.history)
        return searched, others

    def run(
        self,
        goal: Goal,
        name: str,
        rival: Rival | None = None,
        trials: int | None = None,
        *,
        helpers: Helpers | None = None,
        main: bool = False,
    ) -> Searched:
        """One study; only the main one leaves its best plan in ``best.json``."""
        kind = rival or self.sampler
        keeps_best = main and not self.is_helper
        proposer = make_proposer(kind, self.menu, goal, self.surrogate(goal), self.seed)
        fingerprint = self.work.fingerprint.as_mapping()
        bank = self.work.model.bank
        store = StudyStore(self.url, name, fingerprint, self.menu, goal, bank.coding)
        try:
            known = {**self._profiled(goal), **store.known_elsewhere(self.work.baseline.confidence)}
            limits = replace(self.limits, trials=self.limits.trials if rival is None else trials)
            left = self.limits.timeout
            if left is not None:
                left = max(0.0, left - (time.monotonic() - self.begun))
            return run_search(
                self.work.engine,
                self.menu,
                store,
                proposer,
                known,
                limits=replace(limits, timeout=left),
                progress=self.progress,
                on_best=lambda best: self._keep_best(best, goal) if keeps_best else None,
                on_step=(lambda: None) if helpers is None else helpers.tend,
                is_helper=self.is_helper,
            )
        finally:
            store.close()

    def _keep_best(self, best: Tried, goal: Goal) -> None:
        model = self.work.fingerprint.model
        coding = self.work.model.bank.coding
        record = PlanFile(
            best.plan, model, best.nbytes, best.drop_pp, goal.metric, goal.budget_pp, coding
        )
        write_text(self.folder / "best.json", record.to_json())

    def _profiled(self, goal: Goal) -> Mapping[Plan, Tried]:
        """Plans whose measurements the profile holds."""
        profile = self.profile
        if profile is None:
            return {}
        names = tuple(layer.name for layer in profile.layers)
        refused = frozenset(profile.refused)
        return {
            plan: Tried(
                plan,
                self.work.model.bank.plan_nbytes(plan.schemes),
                profile.drop_pp(reading, goal.metric),
                reading.confidence,
                reading.margin,
                "uniform",
                0,
            )
            for scheme, reading in profile.uniform.items()
            for plan in [uniform_plan(names, scheme, refused)]
        }
