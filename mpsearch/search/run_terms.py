"""How one study is searched: its limits, and what receives news."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.propose.uniform import Uniform
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop.

    Attributes:
        trials: Finished trials in the study, at most; None for no limit.
        timeout: Longest time of this run, seconds; None for no limit.
    """

    trials: int | None = 200
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class RunTerms:
    """How one study is searched.

    Attributes:
        limits: When to stop.
        measured: Plans that need no measurement: others' in the same storage, or a profile's.
        is_helper: Whether another process finishes the study: uniform plans are left to it.
        uniform: Says which uniform plans are measured; None for none.
        choosing: By which goal *on_best* is called and the progress speaks; the study's own where
            it is None. A front has no best plan until a budget chooses one.
        progress: Receives every trial.
        on_best: Called whenever the best feasible plan changes.
        on_step: Called before every proposal, and now and then while there is nothing to do.
    """

    limits: Limits = Limits()
    measured: Mapping[Plan, Tried] = field(default_factory=dict)
    is_helper: bool = False
    uniform: Uniform | None = None
    choosing: Goal | None = None
    progress: Progress = field(default_factory=Silent)
    on_best: Callable[[Tried], None] = lambda _: None
    on_step: Callable[[], None] = lambda: None
