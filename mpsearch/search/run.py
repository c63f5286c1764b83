"""The search: propose, measure, write down, until nothing promises or the limits are reached."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mpsearch.engine.evaluate import Engine
from mpsearch.propose.brute import BruteProposer
from mpsearch.propose.goal import Goal
from mpsearch.propose.greedy import GreedyProposer
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.proposer import Proposer
from mpsearch.propose.remaining import Remaining
from mpsearch.propose.surrogate.surrogate import Surrogate, SurrogateProposer
from mpsearch.propose.uniform import UniformPlans
from mpsearch.search.loop import Loop, Stopped
from mpsearch.study.samplers import OptunaProposer
from mpsearch.study.study import StudyStore
from mpsearch.values.choices import one_of
from mpsearch.values.errors import SettingError
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress

Sampler = Literal["surrogate", "tpe", "nsga2", "random", "brute"]
SAMPLERS: Final[tuple[Sampler, ...]] = get_args(Sampler)
#: What a search can be compared with.
Rival = Literal["greedy", "random", "tpe", "nsga2"]
RIVALS: Final[tuple[Rival, ...]] = get_args(Rival)


def parse_sampler(text: str) -> Sampler:
    """The sampler called *text*.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, SAMPLERS, f"unknown sampler {text!r}")


def parse_rival(text: str) -> Rival:
    """The method called *text* to compare with.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, RIVALS, f"cannot compare with {text!r}")


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop.

    Attributes:
        trials: Finished trials in the study, at most; None for no limit.
        timeout: Seconds of this run, at most; None for no limit.
    """

    trials: int | None = 200
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """What became of a search.

    Attributes:
        history: All that was measured.
        stopped: ``done`` if the sampler had nothing left to propose (for ``brute``: every plan that
            could be better was measured), else ``trials`` or ``timeout``.
        uniform: Uniform plans looked at, the smallest first.
        is_exhaustive: The proposer leaves out only what cannot be better.
    """

    history: History
    stopped: Stopped
    uniform: tuple[Tried, ...]
    is_exhaustive: bool


def make_proposer(
    kind: Sampler | Rival, menu: Menu, goal: Goal, surrogate: Surrogate, seed: int
) -> Proposer:
    """Who proposes plans: *surrogate*, or another.

    Raises:
        SettingError: If there are too many plans for ``brute``, or no start for ``greedy``.
    """
    match kind:
        case "surrogate":
            return SurrogateProposer(surrogate)
        case "brute":
            return BruteProposer(menu)
        case "greedy":
            if menu.original is None:
                raise SettingError("greedy starts from original; add it to --schemes, lock less")
            return GreedyProposer(menu, lambda: surrogate.screened, menu.original)
        case _:
            return OptunaProposer(kind, menu, goal, seed)


def run_search(
    engine: Engine,
    menu: Menu,
    store: StudyStore,
    proposer: Proposer,
    known: Mapping[Plan, Tried],
    *,
    limits: Limits,
    progress: Progress,
    on_best: Callable[[Tried], None],
    on_step: Callable[[], None] = lambda: None,
    is_helper: bool = False,
    with_uniform: bool = True,
    choosing: Goal | None = None,
) -> Searched:
    """Search until nothing promises, or a limit is reached; resume if the study has trials.

    What other processes write into the study meanwhile is taken as measured; what they measure now
    is left to them.

    After the last proposal the uniform plans are measured, the smallest first, until one keeps the
    limit: the result is never worse than the best of them. A limit of trials holds for all plans
    together; :class:`~mpsearch.propose.uniform.UniformPlans` says which share is theirs.

    Args:
        engine: Measures plans.
        menu: The choices.
        store: Gets every finished measurement before the next begins.
        proposer: Says what to measure.
        known: Plans that need no measurement: others' in the same storage, or a profile's.
        limits: When to stop.
        progress: Is told of every trial.
        on_best: Called whenever the best feasible plan changes.
        on_step: Called before every proposal, and now and then while there is nothing to do.
        is_helper: Another process finishes the study: uniform plans are left to it.
        with_uniform: Whether uniform plans are measured at all.
        choosing: By which goal *on_best* is called and the progress speaks; the study's own where
            it is None. A front has no best plan until a budget chooses one.
    """
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout
    history = store.history()
    remaining = Remaining(menu, history, limits.trials, deadline)
    goal, trials = history.goal, limits.trials
    uniform = UniformPlans.of(menu, goal, trials) if with_uniform else UniformPlans.none(goal)
    loop = Loop(
        engine,
        store,
        history,
        known,
        progress,
        on_best,
        on_step,
        remaining,
        uniform,
        trials,
        choosing or goal,
    )

    steps = menu.plans if limits.trials is None else limits.trials
    progress.start("searching", steps, done=min(len(history), steps))
    try:
        loop.begin(menu)
        stopped: Stopped = "done"
        if loop.can_succeed(menu):
            stopped = loop.propose(proposer, deadline, is_helper)
        elif not is_helper:
            loop.measure_smallest(menu)
        looked_at = () if is_helper else loop.measure_uniform()
        if not len(history) and not is_helper:  # out of time before anything was measured
            loop.measure_smallest(menu)
    finally:
        store.release()
    progress.finish()
    return Searched(history, stopped, looked_at, isinstance(proposer, BruteProposer))
