"""The studies of one question: its own, tighter budgets, and rival methods to compare with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from mpsearch.export.plan_json import PlanFile
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.path.path import costs_of
from mpsearch.propose.path.proposer import PathProposer
from mpsearch.propose.path.uniform import UniformSequence
from mpsearch.propose.proposer import Proposer
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.screen import Screen, ScreenListener
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.propose.uniform import Uniform, UniformPlans
from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.search.goals import goal_of
from mpsearch.search.image_split import ImageSplit
from mpsearch.search.layer_menu import make_menu
from mpsearch.search.listener import Listener
from mpsearch.search.run import Searched, make_proposer, run_search
from mpsearch.search.run_terms import Limits, RunTerms
from mpsearch.search.study_name import study_name
from mpsearch.sensitivity.plans import uniform_plan
from mpsearch.study.identity import Identity, image_digests
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.study.workers.helpers import Helpers
from mpsearch.system.files import write_text
from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric, Rival
from mpsearch.values.deadline import Deadline, Timed
from mpsearch.values.errors import SettingError
from mpsearch.values.fingerprint import text_digest
from mpsearch.values.plan import Plan
from mpsearch.values.question import NEEDS_TRUTH, Question
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.calibrate import calibrate_all, keep_calibrated
from mpsearch.workbench.workbench import Workbench

#: Metrics whose drop follows from the margins; others are led by the first.
OF_MARGINS: Final[tuple[Metric, ...]] = ("mean", "net", "max", "p95")


@dataclass(frozen=True, slots=True)
class Found:
    """All that the studies of a question have measured.

    Attributes:
        searched: The study of the question itself.
        rivals: Measurements of other search methods, by their names.
    """

    searched: Searched
    rivals: Mapping[str, History]


class Campaign:
    """All searches of one question share this.

    Args:
        question: The question that the search answers.
        split: Images searched on and held back.
        folder: The study's folder.
        listener: Receives progress and notes.
        deadline: When the call has to end.
        is_helper: Whether another process finishes the study.
    """

    def __init__(
        self,
        question: Question,
        split: ImageSplit,
        folder: Path,
        listener: Listener,
        deadline: Deadline,
        is_helper: bool = False,
    ) -> None:
        self.question, self.split, self.folder = question, split, folder
        self.listener, self.deadline, self.is_helper = listener, deadline, is_helper
        self._told: set[str] = set()
        self._store: StudyStore | None = None  # the study that is open

    @property
    def work(self) -> Workbench:
        """Model and images searched on."""
        return self.split.work

    @cached_property
    def goal(self) -> Goal:
        """Goal of the search."""
        return goal_of(self.question, self.split.everything.model)

    def require(self) -> None:
        """Refuse now what would fail after the search.

        Raises:
            SettingError: Says what is missing.
        """
        if self.question.metric == "accuracy" and not self.work.has_truth:
            raise SettingError(NEEDS_TRUTH)
        if "greedy" in (self.question.compare or ()) and self.menu.original is None:
            raise SettingError(
                "`compare` = greedy starts from original; add it to `schemes`, or lock fewer layers"
            )

    def run(self, helpers: Helpers | None = None) -> Found:
        """Run the search, then rival methods."""
        goal, question = self.goal, self.question
        name = study_name(question, self.folder)
        try:
            searched = self._study(goal, name, helpers=helpers, is_main=True)
        finally:
            if helpers is not None:
                helpers.stop()
        rivals: dict[str, History] = {
            rival: self._study(goal, f"{name}~{rival}", rival, len(searched.history)).history
            for rival in question.compare or ()
            if not self.is_helper
        }
        return Found(searched, rivals)

    @cached_property
    def menu(self) -> Menu:
        """The choices, under the rules."""
        profile, progress = self.split.profile, Timed(self.deadline, self.listener.progress)
        defaults = profile.schemes if profile is not None else DOCUMENTED
        schemes = menu_of(self.question.schemes or defaults)
        if self.question.calibrate:
            calibrate_all(self.work, schemes, progress)
        menu = make_menu(self.work, schemes, Rules.of(self.question), progress)
        # Locked layers may have had schemes that are on no other layer's menu.
        if self.question.calibrate:
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
            self.question.metric if self.question.metric in OF_MARGINS else "mean",
            self.split.profile,
            ScreenListener(self._tell_screening, self.listener.on_note, self._keep_lost),
        )

    def _tell_screening(self, _images: int) -> None:
        by = "gradients" if self.screen.has_gradients else "single changes"
        task = f"screening layers by their {by}"
        self.listener.progress.advance(0, task)
        self.deadline.require(task)

    def _keep_lost(self) -> None:
        """Have the study go on without gradients whenever it is opened again."""
        if self._store is not None:
            self._store.screen_by_measurement()

    def surrogate(self, goal: Goal) -> Surrogate:
        """The surrogate for a goal; it also judges the plans of other methods."""
        return Surrogate(self.menu, goal, self.screen)

    def _study(
        self,
        goal: Goal,
        name: str,
        rival: Rival | None = None,
        trials: int | None = None,
        *,
        helpers: Helpers | None = None,
        is_main: bool = False,
    ) -> Searched:
        """One study; only the main one leaves its best plan in ``best.json``."""
        question, listener = self.question, self.listener
        choosing = goal.choosing(question.budget) if is_main else goal
        keeps_best = is_main and not self.is_helper
        trials = question.most_trials if rival is None else trials
        proposer = self._proposer(goal, rival)
        bank = self.work.model.bank
        fingerprint = self.work.fingerprint.as_mapping()
        identity = Identity(
            fingerprint,
            self.menu,
            goal,
            bank.coding,
            question.calibrate,
            *self._promise,
            images=image_digests(self.split.everything.images, self.split.digests),
        )
        url = question.storage or sqlite_url(StudyFolder(self.folder).trials)
        store = StudyStore.open(url, name, identity)
        try:
            self._store = store
            if store.screens_by_measurement and self.screen.has_gradients:
                listener.on_note(
                    "layers are screened by measuring single changes, not by gradients: "
                    "gradients failed earlier in this study"
                )
                self.screen.do_without_gradients()
            if is_main:
                listener.on_open()
            self._tell_damage(store)
            terms = RunTerms(
                limits=Limits(trials, self.deadline.left),
                measured={**self._profiled(), **store.known_elsewhere(self.split.meter.judged)},
                is_helper=self.is_helper,
                uniform=self._uniform(goal, trials) if rival is None else None,
                choosing=choosing,
                progress=listener.progress,
                on_best=lambda best: self._keep_best(best, choosing) if keeps_best else None,
                on_step=(lambda: None) if helpers is None else helpers.tend,
            )
            return run_search(self.split.meter, self.menu, store, proposer, terms)
        finally:
            self._store = None
            store.close()

    def _proposer(self, goal: Goal, rival: Rival | None) -> Proposer:
        kind = rival or self.question.sampler
        of_margins = goal.metric in OF_MARGINS
        if kind == "surrogate" and (self.split.speaks_of_unseen or not of_margins):
            return PathProposer(self.menu, goal, lambda: self._cells)
        return make_proposer(kind, self.menu, goal, self.surrogate(goal), self.question.seed)

    def _uniform(self, goal: Goal, trials: int | None) -> Uniform:
        if not self.split.speaks_of_unseen:
            return UniformPlans.of(self.menu, goal, trials)
        return UniformSequence(self.menu, lambda: self._costs, goal, trials)

    @cached_property
    def _costs(self) -> list[Float64Array]:
        """Costs of the menu's choices."""
        return costs_of(self._cells)

    @cached_property
    def _cells(self) -> Cells:
        """The screening around the trained weights."""
        cells = self.screen.around(None, self.screen.baseline.margin)
        if self.split.speaks_of_unseen:
            self.work.engine.release()  # plans are measured with the engine of all images
        return cells

    @property
    def _promise(self) -> tuple[str | None, float | None, bool]:
        """Digest of the images held back, how sure to be and whether the bound is guaranteed.

        None of this where the budget speaks of the images searched on.
        """
        held = self.split.held
        if held is None or not self.split.speaks_of_unseen:
            return None, None, False
        meter = self.split.meter
        about = text_digest([held.fingerprint.images, held.fingerprint.reference])
        return about, meter.sure, meter.guaranteed

    def _tell_damage(self, store: StudyStore) -> None:
        if self.is_helper:  # the process that it helps has said so
            return
        for sentence in store.damage():
            if sentence not in self._told:  # several studies may share a journal
                self._told.add(sentence)
                self.listener.on_note(sentence)

    def _keep_best(self, best: Tried, goal: Goal) -> None:
        model = self.work.fingerprint.model
        coding = self.work.model.bank.coding
        record = PlanFile(
            best.plan,
            model,
            best.nbytes,
            best.judged_pp,
            goal.metric,
            goal.budget_pp,
            coding,
            self.question.calibrate,
        )
        write_text(StudyFolder(self.folder).best, record.to_json())

    def _profiled(self) -> Mapping[Plan, Tried]:
        """Plans whose measurements the profile holds."""
        split = self.split
        profile = split.whole_profile if split.speaks_of_unseen else split.profile
        if profile is None:
            return {}
        names = tuple(layer.name for layer in profile.layers)
        refused = frozenset(profile.refused)
        nbytes = self.work.model.bank.plan_nbytes
        return {
            plan: split.meter.tried(reading, plan, nbytes(plan.schemes), "uniform")
            for scheme, reading in profile.uniform.items()
            for plan in [uniform_plan(names, scheme, refused)]
        }
