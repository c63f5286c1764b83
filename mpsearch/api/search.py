"""Find the best plan."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mpsearch.api.notes import warn
from mpsearch.propose.rules import Rules
from mpsearch.search.campaign import Campaign
from mpsearch.search.image_split import ImageSplit, split_images
from mpsearch.search.listener import Listener
from mpsearch.search.result import SearchResult
from mpsearch.search.selection import conclude
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.workers.helpers import Helpers
from mpsearch.values.choices import BudgetOn, Metric, Rival, Sampler
from mpsearch.values.deadline import Deadline
from mpsearch.values.progress import Progress, Silent
from mpsearch.values.question import Question
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
    budget_on: BudgetOn = "auto",
    sure: float = 90.0,
    guaranteed: bool = False,
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
        profile: Profile of the same workbench; its measurements are not repeated. None is fine;
            with *calibrate* it is not used, as it was measured with other codes.
        budget_pp: Largest drop allowed, percentage points, 0 to 100; with *pareto*, which plan of
            the front is returned (2 where it is None).
        max_bytes: Largest size of all parameters, bytes, instead of a budget; the plan with the
            smallest drop within that size is found.
        ratio: Instead of *max_bytes*: how many times smaller all parameters must become.
        pareto: Search the whole Pareto front of bytes against drop.
        schemes: Scheme names, or names of menus; the profile's, or the documented schemes, where
            it is None.
        rules: Locked, forbidden and tied layers.
        metric: How the losses of images become one number: ``mean``, ``net``, ``max``, ``p95``,
            ``agreement`` or ``accuracy``; :func:`mpsearch.values.confidence.losses_pp` defines
            them.
        sampler: The search method: ``surrogate``, ``tpe``, ``nsga2``, ``random`` or ``brute``.
        trials: Finished trials in the study, at most, uniform plans and what was known before
            included; where it is None, 200, and for ``brute`` as many as it takes. Studies of
            *compare* have as many of their own.
        timeout: Longest time of the call, calibration included, seconds. A forward pass that has
            begun is finished, and the plan returned is checked.
        seed: Seed of the sampler; ``surrogate`` and ``brute`` need none.
        holdout: Share of the images held back, 0 to below 1. Where it is None, five sixths for
            a budget on unseen images, half with *calibrate*; else a third of four images or more.
        budget_on: ``unseen``: the budget holds on images that no step has seen; ``search``: on the
            images searched on; ``auto``: on unseen ones with 32 images or more.
        sure: Percentage of searches in which the drop on unseen images keeps the budget.
        guaranteed: Rest that on a bound that assumes nothing of the images; it takes hundreds.
        calibrate: Choose scales, fraction lengths, rounding and biases to preserve layer outputs
            on the images searched on; the weights of the plan found are then in ``plan.mpq`` in
            *folder*.
        compare: Other methods to run with as many trials, each in a study of its own beside this
            one; what they reach is in the result's ladder.
        folder: The study's folder.
        study_name: Name of the Optuna study.
        storage: Optuna's storage URL; an SQLite file in *folder* where it is None. The same call
            in other processes, here or elsewhere, with the same storage joins the search.
        progress: Receives an update after every trial.
        helpers: Other mpsearch processes that join the search while it runs.
        on_open: Called when the study is open, and nothing of it is measured yet.
        on_note: Called with a sentence that the user should know: what is damaged in the storage
            and left out, or how the search went; a Python warning where it is left away.

    Raises:
        SettingError: If a setting is out of range or does not fit the others.
        StudyError: If the study was started with something else.
        EnvironmentFault: If the storage fails; what was measured is kept.
    """
    rules = rules or Rules()
    question = Question(
        schemes=None if schemes is None else tuple(schemes),
        metric=metric,
        budget=budget_pp,
        max_bytes=max_bytes,
        ratio=ratio,
        pareto=pareto,
        budget_on=budget_on,
        sure=sure,
        guaranteed=guaranteed,
        holdout=holdout,
        lock=rules.lock,
        forbid=rules.forbid,
        tie=rules.tie,
        sampler=sampler,
        compare=tuple(compare),
        calibrate=calibrate,
        trials=trials,
        timeout=timeout,
        seed=seed,
        storage=storage,
        study_name=study_name,
    )
    listener = Listener(progress or Silent(), on_open, on_note)
    return answer(question, workbench, folder, profile, listener, helpers)


def answer(
    question: Question,
    workbench: Workbench,
    folder: Path,
    profile: SensitivityProfile | None = None,
    listener: Listener | None = None,
    helpers: Helpers | None = None,
    deadline: Deadline | None = None,
) -> SearchResult:
    """Answer a question, as :func:`find_plan` does.

    Args:
        question: The question that the search answers.
        workbench: Model and images.
        folder: The study's folder.
        profile: Profile of the same workbench; None is fine.
        listener: Receives progress and notes; None for nothing.
        helpers: Processes that join the search while it runs.
        deadline: When the call has to end; the question's timeout from now where it is None.

    Raises:
        SettingError, StudyError, EnvironmentFault: As :func:`find_plan`.
    """
    deadline = deadline or Deadline(question.timeout)
    question.require_search()
    split = _split(question, workbench, folder, profile)
    campaign = Campaign(question, split, folder, listener or Listener(), deadline)
    campaign.require()
    result = conclude(campaign, campaign.run(helpers))
    if question.calibrate:
        model = campaign.work.model
        pack(model, result.plan, StudyFolder(folder).weights, model.bank.coding)
    return result


def help_search(
    question: Question,
    workbench: Workbench,
    folder: Path,
    profile: SensitivityProfile | None = None,
) -> None:
    """Be one more process of a search that :func:`answer` makes of the same question.

    Proposes and measures until nothing is left; what comes after is left to the other process.

    Raises:
        StudyError: If the study was started with something else.
        EnvironmentFault: If the storage fails; what was measured is kept.
    """
    split = _split(question, workbench, folder, profile)
    Campaign(question, split, folder, Listener(), Deadline(), is_helper=True).run()


def _split(
    question: Question, workbench: Workbench, folder: Path, profile: SensitivityProfile | None
) -> ImageSplit:
    if question.sampler == "surrogate":
        workbench.model.network.prepare_gradients()
    return split_images(question, workbench, profile, folder)
