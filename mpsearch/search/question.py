"""What may be asked of a search, and in which ranges."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mpsearch.propose.goal import Goal
from mpsearch.search.run import Sampler
from mpsearch.values.confidence import Metric
from mpsearch.values.errors import SettingError
from mpsearch.workbench.workbench import Workbench

BudgetOn = Literal["search", "verify"]
DEFAULT_TRIALS: Final = 200
FRONT_BUDGET: Final = 2.0  # pp; the plan of a front that is returned where none is asked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """A budget, a size, or the front; see :func:`mpsearch.api.search.find_plan`."""

    budget_pp: float | None = None
    max_bytes: int | None = None
    ratio: float | None = None
    pareto: bool = False
    budget_on: BudgetOn = "search"

    def goal(self, metric: Metric, workbench: Workbench) -> Goal:
        """As the search understands it.

        Raises:
            SettingError: If the size leaves nothing for the weight layers.
        """
        if self.pareto:
            return Goal(metric)
        if self.max_bytes is None and self.ratio is None:
            return Goal(metric, budget_pp=self.budget_pp)
        other = workbench.model.other_nbytes
        everything = workbench.model.bank.original_nbytes + other
        limit = self.max_bytes
        if limit is None:
            assert self.ratio is not None
            limit = math.floor(everything / self.ratio)
        if limit <= other:
            raise SettingError(
                f"{limit:,} bytes leave nothing for the weight layers: the other parameters alone "
                f"take {other:,}, everything as float32 {everything:,}; allow more"
            )
        return Goal(metric, max_nbytes=limit - other)

    def choosing(self, goal: Goal) -> Goal:
        """By which goal the returned plan is chosen."""
        if goal.kind != "front":
            return goal
        budget = FRONT_BUDGET if self.budget_pp is None else self.budget_pp
        return Goal(goal.metric, budget_pp=budget)


def most_trials(sampler: Sampler, trials: int | None) -> int | None:
    """How many trials a study may have; None for any number."""
    if trials is not None:
        return trials
    return None if sampler == "brute" else DEFAULT_TRIALS


def check_limits(
    wanted: Wanted, trials: int | None, timeout: float | None, holdout: float | None
) -> None:
    """Check the numbers of a search.

    Raises:
        SettingError: Names the one that is out of range.
    """
    _check_question(wanted, holdout)
    ranges: tuple[tuple[str, float | None, str, Callable[[float], bool]], ...] = (
        ("budget", wanted.budget_pp, "percentage points from 0 to 100", lambda v: 0 <= v <= 100),
        ("max-bytes", wanted.max_bytes, "1 or more", lambda v: v >= 1),
        ("ratio", wanted.ratio, "1 or more", lambda v: 1 <= v < math.inf),
        ("trials", trials, "1 or more", lambda v: v >= 1),
        ("timeout", timeout, "seconds above 0", lambda v: v > 0),
        ("holdout", holdout, "a share from 0 to below 1", lambda v: 0 <= v < 1),
    )
    for name, value, allowed, fine in ranges:
        if value is not None and not fine(value):
            raise SettingError(f"{name} {value} is out of range; give {allowed}")


def _check_question(wanted: Wanted, holdout: float | None) -> None:
    sizes = [one for one in (wanted.max_bytes, wanted.ratio) if one is not None]
    if not wanted.pareto and wanted.budget_pp is None and not sizes:
        raise SettingError(
            "search needs --budget PP, the largest drop allowed; try --budget 2 (or --max-bytes, "
            "--ratio, --pareto)"
        )
    if len(sizes) > 1 or (sizes and (wanted.budget_pp is not None or wanted.pareto)):
        raise SettingError("give one of --budget, --max-bytes, --ratio and --pareto, not several")
    if wanted.budget_on not in get_args(BudgetOn):
        raise SettingError(f"unknown budget-on {wanted.budget_on!r}; choose from search, verify")
    if wanted.budget_on == "verify":
        if wanted.budget_pp is None or wanted.pareto:
            raise SettingError("--budget-on verify needs --budget")
        if holdout == 0:
            raise SettingError("--budget-on verify needs images held back; give --holdout above 0")
