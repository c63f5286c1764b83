"""The plan of a study's folder, and whether it keeps the limit that was asked for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mpsearch.export.plan_json import FORMAT, VERSION
from mpsearch.search.result_json import read_result
from mpsearch.values.choices import parse_metric
from mpsearch.values.documents import Fields, read_object
from mpsearch.values.errors import SettingError, StudyError
from mpsearch.values.study_folder import StudyFolder

_LARGEST: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """The numbers of a plan, as its file has them.

    Attributes:
        nbytes: Stored bytes of the weight layers.
        drop_pp: Drop of the plan under *metric*, percentage points.
        metric: How the drops of images became one.
        budget_pp: Budget by which the plan was chosen; None where a size was asked for.
        max_bytes: Largest size of all parameters, bytes, where that was asked for and is known.
        feasible: Whether the plan keeps the limit; None if the files do not say.
        reason: Why the plan does not keep the limit; '' if it does.
        ratio: How many times smaller all parameters became; None if not known.
        study_name: Name of the Optuna study that the plan comes from; None if not known.
    """

    nbytes: int
    drop_pp: float
    metric: str
    budget_pp: float | None
    max_bytes: int | None = None
    feasible: bool | None = None
    reason: str = ""
    ratio: float | None = None
    study_name: str | None = None


def finished_plan(folder: Path) -> ShownPlan | None:
    """Best plan of the last finished search in a study's folder; None if there is none."""
    plan, schemes = _read(StudyFolder(folder).plan)
    if plan is None:
        return None
    try:
        result, subject = read_result(StudyFolder(folder).result)
    except StudyError:  # of before there were such files, or damaged
        return plan
    if list(result.plan.schemes) != schemes or result.nbytes != plan.nbytes:
        return plan  # another search has written one of the two
    size = result.goal.max_nbytes
    return replace(
        plan,
        max_bytes=None if size is None else size + result.other_nbytes,
        feasible=result.feasible,
        reason=result.reason,
        ratio=result.ratio,
        study_name=subject.study_name,
    )


def best_so_far(folder: Path) -> ShownPlan | None:
    """The best plan of a search that is not finished: it keeps the limit, or is not there."""
    plan, _ = _read(StudyFolder(folder).best)
    return None if plan is None else replace(plan, feasible=True, reason="")


def _read(path: Path) -> tuple[ShownPlan | None, list[str]]:
    try:
        document = read_object(path, "plan", FORMAT, VERSION, _LARGEST, StudyError, "")
        fields = Fields("plan", document, StudyError)
        nbytes, drop = fields.whole("nbytes"), fields.number("drop_pp")
        budget, metric = fields.optional_number("budget_pp"), fields.text("metric")
        schemes = fields.texts("quanti_array")
        parse_metric(metric)
    except (StudyError, SettingError):
        return None, []
    feasible = None if budget is None else drop <= budget
    reason = "" if feasible in {None, True} else "no plan measured keeps it"
    return ShownPlan(nbytes, drop, metric, budget, None, feasible, reason), schemes
