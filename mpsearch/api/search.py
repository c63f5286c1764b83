"""Find the best plan."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mpsearch.api.notes import warn
from mpsearch.propose.history import History
from mpsearch.propose.rules import Rules
from mpsearch.search.campaign import Searches
from mpsearch.search.question import BudgetOn, Wanted, check_limits, most_trials
from mpsearch.search.result import SearchResult
from mpsearch.search.run import Limits, Rival, Sampler
from mpsearch.search.selection import conclude
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.workers.helpers import Helpers
from mpsearch.values.confidence import Metric
from mpsearch.values.progress import Progress, Silent
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.packing import pack
from mpsearch.workbench.workbench import Workbench


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
    calibrate: bool = False,
    compare: Sequence[Rival] = (),
    folder: Path,
    study_name: str = "search",
    storage: str | None = None,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
    on_open: Callable[[], None] = lambda: None,
    on_note: Callable[[str], None] = warn,
) -> SearchResult:
    """Search for the smallest plan whose drop is at most *budget_pp*, or the mirror of that.

    Every finished measurement is a trial of an Optuna study in *folder*; the same call resumes
    it. The best feasible plan so far is in ``best.json`` there whenever there is one.

    Args:
        workbench: Model and images.
        profile: Of the same workbench; what it has measured is not measured again. None is fine;
            with *calibrate* it is not used, as it was measured with other codes.
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
        trials: Finished trials in the study, at most, uniform plans and what was known before
            included; where it is None, 200, and for ``brute`` as many as it takes. Studies of
            *compare*, and of the tighter budgets of ``budget_on="verify"``, have as many of their
            own.
        timeout: Seconds, at most.
        seed: Of the sampler; ``surrogate`` and ``brute`` need none.
        holdout: Share of the images held back to verify the plan, 0 to below 1; a third where it
            is None and there are four images or more.
        budget_on: ``verify`` returns a plan whose drop on the held-back images keeps the budget
            up to the upper end of its 95 % interval.
        calibrate: Choose scales, fraction lengths, rounding and biases by what layers put out on
            the images searched on; the weights of the plan found are then in ``plan.mpq`` in
            *folder*.
        compare: Other methods to run with as many trials, each in a study of its own beside this
            one; what they reach is in the result's ladder.
        folder: The study's folder.
        study_name: Of the Optuna study.
        storage: Optuna's storage URL; an SQLite file in *folder* where it is None. The same call
            in other processes, here or elsewhere, with the same storage joins the search.
        progress: Is told of every trial.
        helpers: Processes of ours that join the search while it runs.
        on_open: Called when the study is open, and nothing of it is measured yet.
        on_note: Called with a sentence that the user should know: what is damaged in the storage
            and left out, or how the search went; a Python warning where it is left away.

    Raises:
        SettingError: If a setting is out of range or does not fit the others.
        StudyError: If the study was started with something else.
        EnvironmentFault: If the storage fails; what was measured is kept.
    """
    wanted = Wanted(budget_pp, max_bytes, ratio, pareto, budget_on)
    check_limits(wanted, trials, timeout, holdout)
    search = Searches(
        everything=workbench,
        whole_profile=None if calibrate else profile,
        calibrate=calibrate,
        schemes=tuple(schemes) if schemes is not None else None,
        rules=rules or Rules(),
        metric=metric,
        sampler=sampler,
        limits=Limits(most_trials(sampler, trials), timeout),
        seed=seed,
        holdout=holdout,
        folder=folder,
        url=storage or sqlite_url(StudyFolder(folder).trials),
        progress=progress or Silent(),
        on_open=on_open,
        on_note=on_note,
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
    result = conclude(
        work=search.work,
        held=search.held,
        menu=search.menu,
        searched=searched,
        others=others,
        rivals=rivals,
        wanted=wanted,
        surrogate=search.surrogate(goal),
        profile=search.profile,
        screen=search.screen,
        begun=search.begun,
    )
    if calibrate:
        model = search.work.model
        pack(model, result.plan, StudyFolder(folder).weights, model.bank.coding)
    return result


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
    calibrate: bool,
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
    search = Searches(
        everything=workbench,
        whole_profile=None if calibrate else profile,
        calibrate=calibrate,
        schemes=tuple(schemes),
        rules=rules,
        metric=metric,
        sampler=sampler,
        limits=Limits(most_trials(sampler, trials)),
        seed=seed,
        holdout=holdout,
        folder=folder,
        url=storage or sqlite_url(StudyFolder(folder).trials),
        progress=Silent(),
        is_helper=True,
    )
    search.run_all(wanted, study_name)
