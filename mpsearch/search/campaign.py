"""The studies of one question: the one asked, tighter ones, and others' to compare with."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.export.plan_json import PlanFile
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.search.layer_menu import make_menu
from mpsearch.search.question import Wanted
from mpsearch.search.run import Limits, Rival, Sampler, Searched, make_proposer, run_search
from mpsearch.sensitivity.plans import uniform_plan
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.study import StudyStore
from mpsearch.study.workers.helpers import Helpers
from mpsearch.system.files import write_text
from mpsearch.values.confidence import Metric
from mpsearch.values.errors import SettingError
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.calibrate import calibrate_all, calibrated, keep_calibrated
from mpsearch.workbench.held_back import held_back
from mpsearch.workbench.workbench import Workbench

# With --budget-on verify: tighter budgets that are searched too, as shares of the one asked.
_TIGHTER: Final = (0.5, 0.25, 0.1)
_FEWEST_HELD: Final = 4  # images of which an interval says anything


@dataclass(eq=False)
class Searches:
    """What all searches of one call share."""

    everything: Workbench
    whole_profile: SensitivityProfile | None
    calibrate: bool
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
    on_open: Callable[[], None] = lambda: None
    on_note: Callable[[str], None] = lambda _: None
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._told: set[str] = set()
        self._store: StudyStore | None = None  # the study that is open
        if self.sampler == "surrogate":
            self.everything.model.network.prepare_gradients()
        count = len(self.everything.images)
        back = held_back(count, self.holdout)
        kept = [i for i in range(count) if i not in set(back.tolist())]
        self.work, self.held = self.everything, None
        self.profile = self.whole_profile
        if len(back):
            rows = np.array(kept, dtype=np.int64)
            self.held = self.everything.of_images(back)
            self.held.engine.release()
            self.work = self.everything.of_images(rows)
            if self.profile is not None:
                fingerprint = self.work.fingerprint.as_mapping()
                self.profile = self.profile.of_images(rows, fingerprint)
        if self.calibrate:
            model = calibrated(self.work, folder=self.folder)
            self.work = self.work.with_model(model)
            self.held = None if self.held is None else self.held.with_model(model)

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
        schemes = menu_of(self.schemes or known)
        if self.calibrate:
            calibrate_all(self.work, schemes, self.progress)
        menu = make_menu(self.work, schemes, self.rules, self.progress)
        if self.calibrate:  # locked layers may have had schemes that are on no other's menu
            keep_calibrated(self.work)
        return menu

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
            lambda _: self.progress.advance(0, f"screening layers by their {self._screened_by}"),
            self.on_note,
            self._keep_lost,
        )

    @property
    def _screened_by(self) -> str:
        return "gradients" if self.screen.has_gradients else "single changes"

    def _keep_lost(self) -> None:
        """Have the study go on without gradients whenever it is opened again."""
        if self._store is not None:
            self._store.screen_by_measurement()

    def surrogate(self, goal: Goal) -> Surrogate:
        """Our sampler for a goal; also judges what others found."""
        return Surrogate(self.menu, goal, self.screen)

    def run_all(
        self, wanted: Wanted, name: str, helpers: Helpers | None = None
    ) -> tuple[Searched, list[History]]:
        """The study, and those of tighter budgets that ``--budget-on verify`` takes."""
        goal = wanted.goal(self.metric, self.everything)
        choosing = wanted.choosing(goal)
        searched = self.run(goal, name, helpers=helpers, main=True, choosing=choosing)
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
        choosing: Goal | None = None,
    ) -> Searched:
        """One study; only the main one leaves its best plan, by *choosing*, in ``best.json``."""
        kind = rival or self.sampler
        keeps_best = main and not self.is_helper
        proposer = make_proposer(kind, self.menu, goal, self.surrogate(goal), self.seed)
        fingerprint = self.work.fingerprint.as_mapping()
        bank = self.work.model.bank
        store = StudyStore(
            self.url, name, fingerprint, self.menu, goal, bank.coding, self.calibrate
        )
        try:
            self._store = store
            if store.screens_by_measurement and self.screen.has_gradients:
                self.on_note(
                    "layers are screened by measuring single changes, not by gradients: this "
                    "study went on so after gradients had failed"
                )
                self.screen.do_without_gradients()
            if main:
                self.on_open()
            self._tell_damage(store)
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
                on_best=lambda best: (
                    self._keep_best(best, choosing or goal) if keeps_best else None
                ),
                on_step=(lambda: None) if helpers is None else helpers.tend,
                is_helper=self.is_helper,
                with_uniform=rival is None,
                choosing=choosing,
            )
        finally:
            self._store = None
            store.close()

    def _tell_damage(self, store: StudyStore) -> None:
        if self.is_helper:  # whoever it helps has said so
            return
        for one in store.damage():
            if one not in self._told:  # several studies may share a journal
                self._told.add(one)
                self.on_note(one)

    def _keep_best(self, best: Tried, goal: Goal) -> None:
        model = self.work.fingerprint.model
        coding = self.work.model.bank.coding
        record = PlanFile(
            best.plan,
            model,
            best.nbytes,
            best.drop_pp,
            goal.metric,
            goal.budget_pp,
            coding,
            self.calibrate,
        )
        write_text(StudyFolder(self.folder).best, record.to_json())

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
