"""The search: propose, measure, write down, until nothing promises or the limits are reached."""

import time
from dataclasses import dataclass

from mpsearch.propose.brute import BruteProposer
from mpsearch.propose.goal import Goal
from mpsearch.propose.greedy import GreedyProposer
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.proposer import Proposer
from mpsearch.propose.remaining import Remaining
from mpsearch.propose.surrogate.surrogate import Surrogate, SurrogateProposer
from mpsearch.propose.uniform import Uniform, UniformPlans
from mpsearch.search.loop import Loop, Stopped
from mpsearch.search.meter import Meter
from mpsearch.search.run_terms import RunTerms
from mpsearch.study.samplers import OptunaProposer
from mpsearch.study.study import StudyStore
from mpsearch.values.choices import Rival, Sampler
from mpsearch.values.deadline import OutOfTime
from mpsearch.values.errors import SettingError


@dataclass(frozen=True, slots=True)
class Searched:
    """What became of a search.

    Attributes:
        history: All plans measured.
        stopped: ``done`` if the sampler had nothing left to propose (for ``brute``: every plan that
            could be better was measured), else ``trials`` or ``timeout``.
        uniform: Uniform plans looked at, the smallest first.
        is_exhaustive: The proposer leaves out only what cannot be better.
        study_name: Name of the study.
    """

    history: History
    stopped: Stopped
    uniform: tuple[Tried, ...]
    is_exhaustive: bool
    study_name: str


def make_proposer(
    kind: Sampler | Rival, menu: Menu, goal: Goal, surrogate: Surrogate, seed: int
) -> Proposer:
    """The search method: *surrogate*, or another.

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
                raise SettingError(
                    "greedy starts from original; add it to `schemes`, or lock fewer layers"
                )
            return GreedyProposer(menu, lambda: surrogate.screened, menu.original)
        case _:
            return OptunaProposer(kind, menu, goal, seed)


def run_search(
    meter: Meter, menu: Menu, store: StudyStore, proposer: Proposer, terms: RunTerms
) -> Searched:
    """Search until nothing promises, or a limit is reached; resume if the study has trials.

    What other processes write into the study meanwhile is taken as measured; what they measure now
    is left to them.

    After the last proposal uniform plans are measured. A limit of trials holds for all plans
    together; ``terms.uniform`` says which share is theirs.

    Args:
        meter: Measures plans.
        menu: The choices.
        store: Gets every finished measurement before the next begins.
        proposer: Proposes the plans to measure.
        terms: When to stop, and what receives news.
    """
    limits, trials, is_helper = terms.limits, terms.limits.trials, terms.is_helper
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout
    history = store.history()
    remaining = Remaining(menu, history, trials, deadline)
    goal = history.goal
    uniform: Uniform = terms.uniform or UniformPlans.none(goal)
    loop = Loop(meter, store, history, terms, remaining, uniform)

    steps = menu.plans if trials is None else trials
    terms.progress.start("searching", steps, done=min(len(history), steps))
    try:
        loop.begin(menu)
        stopped: Stopped = "done"
        if loop.can_succeed(menu):
            stopped = loop.propose(proposer, deadline, is_helper)
        elif not is_helper:
            loop.measure_smallest(menu)
        looked_at: tuple[Tried, ...] = ()
        if not is_helper:
            try:
                looked_at = loop.measure_uniform(deadline)
            except OutOfTime:  # while layers were screened
                stopped = "timeout"
        if not len(history) and not is_helper:  # out of time before anything was measured
            loop.measure_smallest(menu)
    finally:
        store.release()
    terms.progress.finish()
    is_exhaustive = isinstance(proposer, BruteProposer)
    return Searched(history, stopped, looked_at, is_exhaustive, store.name)
