"""Find the smallest plan within a budget."""

import math
import time
from pathlib import Path

import numpy as np

from mpsearch.api.workbench import Workbench
from mpsearch.core.errors import SettingError
from mpsearch.core.files import write_text
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress, Silent
from mpsearch.engine.confidence import Metric, aggregate, drops_pp
from mpsearch.export.plan_json import PlanFile
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu
from mpsearch.search.result import FrontPoint, Rung, SearchResult
from mpsearch.search.run import Limits, Sampler, run_search
from mpsearch.search.study import Question, StudyStore, sqlite_url
from mpsearch.sensitivity.profile import SensitivityProfile

_FINAL_TRIES = 5  # plans checked by a plain forward pass before the search gives up


def find_plan(
    workbench: Workbench,
    profile: SensitivityProfile,
    *,
    budget_pp: float,
    metric: Metric = "mean",
    sampler: Sampler = "surrogate",
    trials: int = 100,
    timeout: float | None = None,
    seed: int = 0,
    folder: Path,
    study_name: str = "search",
    storage: str | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search for the smallest plan whose drop is at most *budget_pp*.

    Every finished measurement is a trial of an Optuna study in *folder*; the same call resumes
    it. The best feasible plan so far is in ``best.json`` there whenever there is one.

    Args:
        workbench: Model and images.
        profile: Of the same workbench, with its ``per_layer`` and ``uniform`` parts.
        budget_pp: Largest drop allowed, percentage points, 0 to 100.
        metric: ``mean``, ``max`` or ``p95`` over images.
        sampler: Who proposes plans.
        trials: Finished trials in the study, at most.
        timeout: Seconds, at most.
        seed: Of the sampler.
        folder: The study's folder.
        study_name: Of the Optuna study.
        storage: Optuna's storage URL; an SQLite file in *folder* where it is None.
        progress: Is told of every trial.

    Raises:
        SettingError: If a number is out of range.
        StudyError: If the study was started with something else.
    """
    check_limits(budget_pp, trials, timeout)
    begun = time.monotonic()
    menu = Menu.of(profile)
    store = StudyStore(
        storage or sqlite_url(folder / "study.db"),
        study_name,
        workbench.fingerprint.as_mapping(),
        menu,
        Question(metric, budget_pp),
    )

    def keep_best(best: Tried) -> None:
        record = PlanFile(
            best.plan, workbench.fingerprint.model, best.nbytes, best.drop_pp, metric, budget_pp
        )
        write_text(folder / "best.json", record.to_json())

    try:
        history = run_search(
            workbench.engine,
            profile,
            menu,
            store,
            metric=metric,
            budget_pp=budget_pp,
            sampler=sampler,
            seed=seed,
            limits=Limits(trials, timeout),
            progress=progress or Silent(),
            on_best=keep_best,
        )
    finally:
        store.close()
    return _conclude(workbench, profile, history, metric, begun)


def check_limits(budget_pp: float, trials: int, timeout: float | None) -> None:
    """Check the numbers of a search.

    Raises:
        SettingError: Names the one that is out of range.
    """
    if not (math.isfinite(budget_pp) and 0 <= budget_pp <= 100):
        raise SettingError(
            f"budget {budget_pp} is out of range; give percentage points from 0 to 100"
        )
    if trials < 1:
        raise SettingError(f"trials {trials} is out of range; give 1 or more")
    if timeout is not None and not timeout > 0:
        raise SettingError(f"timeout {timeout} is out of range; give seconds above 0")


def _conclude(
    workbench: Workbench,
    profile: SensitivityProfile,
    history: History,
    metric: Metric,
    begun: float,
) -> SearchResult:
    """Check the best plans by plain forward passes until one keeps the budget there too."""
    before = workbench.plain_forward(_original(workbench))
    rows, reference = np.arange(len(before)), workbench.engine.reference
    confidence = before[rows, reference].astype(np.float64)
    nearest = history.nearest
    assert nearest is not None  # uniform plans were measured at least
    for one in history.ranked[:_FINAL_TRIES] or [nearest]:
        after = workbench.plain_forward(one.plan)
        drops = drops_pp(confidence, after[rows, reference].astype(np.float64))
        drop = float(aggregate(drops, metric))
        if drop <= history.budget_pp:
            break
    changes = int(np.count_nonzero(after.argmax(axis=1) != before.argmax(axis=1)))
    feasible = drop <= history.budget_pp
    measured = [tried for tried in history.tried if tried.stage_runs]
    return SearchResult(
        plan=one.plan,
        feasible=feasible,
        reason="" if feasible else _why(history, drop),
        nbytes=one.nbytes,
        other_nbytes=workbench.model.other_nbytes,
        original_nbytes=profile.baseline.nbytes,
        metric=metric,
        budget_pp=history.budget_pp,
        baseline_confidence_pct=100 * float(confidence.mean()),
        confidence_pct=100 * float(after[rows, reference].astype(np.float64).mean()),
        drop_pp=drop,
        top1_changes=changes,
        measurements=len(measured),
        screening_measurements=len(profile.per_layer) + len(profile.uniform),
        trials=len(history),
        seconds=time.monotonic() - begun,
        ladder=_ladder(profile, history, metric),
        front=_front(history),
    )


def _original(workbench: Workbench) -> Plan:
    return Plan.uniform(workbench.layer_names, "original")


def _why(history: History, drop: float) -> str:
    return (
        f"no plan measured keeps the drop within {history.budget_pp:g} pp; the nearest drops "
        f"{drop:.3f} pp: allow that much, or add gentler schemes such as original to --schemes"
    )


def _ladder(profile: SensitivityProfile, history: History, metric: Metric) -> dict[str, Rung]:
    uniform = [
        reading.nbytes
        for reading in profile.uniform.values()
        if profile.drop_pp(reading, metric) <= history.budget_pp
    ]
    return {
        "original": Rung(profile.baseline.nbytes, 0),
        "uniform": Rung(min(uniform, default=None), len(profile.uniform)),
    }


def _front(history: History) -> tuple[FrontPoint, ...]:
    points: list[FrontPoint] = []
    for one in sorted(history.tried, key=lambda t: (t.nbytes, t.drop_pp)):
        if not points or one.drop_pp < points[-1].drop_pp:
            points.append(FrontPoint(one.plan, one.nbytes, one.drop_pp))
    return tuple(points)
