"""The search: propose, measure, write down, until nothing promises or the limits are reached."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from mpsearch.core.choices import one_of
from mpsearch.core.errors import SettingError
from mpsearch.core.measurement import Measurement
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress
from mpsearch.engine.confidence import aggregate, drops_pp
from mpsearch.engine.evaluate import Engine
from mpsearch.search.brute import BruteProposer
from mpsearch.search.goal import Goal
from mpsearch.search.greedy import GreedyProposer
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu
from mpsearch.search.samplers import OptunaProposer, Proposer, Suggestion, SurrogateProposer
from mpsearch.search.study import StudyStore
from mpsearch.search.surrogate.candidates import uniform_choices
from mpsearch.search.surrogate.sampler import SurrogateSampler

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
        uniform: Uniform plans looked at, the smallest first; with a budget up to the first that
            keeps it.
        is_exhaustive: The proposer leaves out only what cannot be better.
    """

    history: History
    stopped: Literal["done", "trials", "timeout"]
    uniform: tuple[Tried, ...]
    is_exhaustive: bool


def make_proposer(
    kind: Sampler | Rival, menu: Menu, goal: Goal, surrogate: SurrogateSampler, seed: int
) -> Proposer:
    """Who proposes plans: *surrogate*, or another.

    Raises:
        SettingError: If there are too many plans for ``brute``, or no start for ``greedy``.
    """
    match kind:
        case "surrogate":
            return SurrogateProposer(menu, goal, surrogate)
        case "brute":
            return BruteProposer(menu)
        case "greedy":
            if menu.original is None:
                raise SettingError("greedy starts from original; add it to --schemes, lock less")
            return GreedyProposer(menu, surrogate.screened, menu.original)
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
) -> Searched:
    """Search until nothing promises, or a limit is reached; resume if the study has trials.

    What other processes write into the study meanwhile is taken as measured.

    After the last proposal the uniform plans are measured, the smallest first, until one keeps the
    limit: the result is never worse than the best of them.

    Args:
        engine: Measures plans.
        menu: The choices.
        store: Gets every finished measurement before the next begins.
        proposer: Says what to measure.
        known: Plans that need no measurement: others' in the same storage, or a profile's.
        limits: When to stop.
        progress: Is told of every trial.
        on_best: Called whenever the best feasible plan changes.
    """
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout
    history = store.history()
    loop = _Loop(engine, store, history, known, progress, on_best)

    steps = menu.plans if limits.trials is None else limits.trials
    progress.start("searching", steps, done=min(len(history), steps))
    if history.best is not None:
        on_best(history.best)
    loop.begin(menu)
    stopped: Literal["done", "trials", "timeout"]
    while loop.can_succeed(menu):
        loop.hear()
        if limits.trials is not None and len(history) >= limits.trials:
            stopped = "trials"
            break
        if deadline is not None and time.monotonic() >= deadline:
            stopped = "timeout"
            break
        suggestions = proposer.next(history)
        if not suggestions:
            stopped = "done"
            break
        room = len(suggestions) if limits.trials is None else limits.trials - len(history)
        loop.measure(suggestions[:room])
    else:
        loop.measure_smallest(menu)
        stopped = "done"
    uniform = loop.measure_uniform(menu)
    progress.finish()
    return Searched(history, stopped, uniform, isinstance(proposer, BruteProposer))


class _Loop:
    """Measures, writes down, tells."""

    def __init__(
        self,
        engine: Engine,
        store: StudyStore,
        history: History,
        known: Mapping[Plan, Tried],
        progress: Progress,
        on_best: Callable[[Tried], None],
    ) -> None:
        self._engine, self._store, self._history = engine, store, history
        self._known, self._progress, self._on_best = known, progress, on_best
        self._latest: Suggestion | None = None

    def begin(self, menu: Menu) -> None:
        """What is known without measuring: the unchanged model."""
        original = Plan.uniform(menu.layers, "original")
        if menu.choice(original) is not None and original not in self._history:
            self._keep(self._tried(self._engine.baseline, "original", 0))

    def hear(self) -> None:
        """What other processes on the same study have measured meanwhile."""
        for one in self._store.unread():
            if one.plan not in self._history:
                self._remember(one)

    def can_succeed(self, menu: Menu) -> bool:
        """Whether the smallest plan is within the size asked for; true with a budget."""
        limit = self._history.goal.max_nbytes
        return limit is None or menu.total(menu.smallest) <= limit

    def measure_smallest(self, menu: Menu) -> None:
        """The nearest there is to a size that no plan keeps."""
        plan = menu.plan(menu.smallest)
        if plan not in self._history:
            self.measure([Suggestion(plan, "nearest")])

    def measure(self, suggestions: Sequence[Suggestion]) -> None:
        """Measure plans, or take what is known of them."""
        origin = {one.plan: one.origin for one in suggestions}
        self._latest = suggestions[-1]
        for plan in [plan for plan in origin if plan in self._known]:
            self._keep(replace(self._known[plan], origin=origin.pop(plan), stage_runs=0))
        self._engine.measure(
            list(origin), lambda m: self._keep(self._tried(m, origin[m.plan], m.stage_runs))
        )

    def measure_uniform(self, menu: Menu) -> tuple[Tried, ...]:
        """Uniform plans, the smallest first; with a budget up to the first that keeps it."""
        goal = self._history.goal
        plans = {menu.plan(choice): menu.total(choice) for choice in uniform_choices(menu)}
        looked_at: list[Tried] = []
        for plan in sorted(plans, key=lambda plan: (plans[plan], plan.schemes)):
            if goal.max_nbytes is not None and plans[plan] > goal.max_nbytes:
                break
            if plan not in self._history:
                self.measure([Suggestion(plan, "uniform")])
            one = self._history.get(plan)
            assert one is not None
            looked_at.append(one)
            if goal.kind == "budget" and self._history.feasible(one):
                break
        if not len(self._history):  # out of time before anything was measured
            self.measure_smallest(menu)
        return tuple(looked_at)

    def _tried(self, measurement: Measurement, origin: str, stage_runs: int) -> Tried:
        drops = drops_pp(self._engine.baseline.confidence, measurement.confidence)
        return Tried(
            plan=measurement.plan,
            nbytes=measurement.nbytes,
            drop_pp=float(aggregate(drops, self._history.goal.metric)),
            confidence=measurement.confidence,
            margin=measurement.margin,
            origin=origin,
            stage_runs=stage_runs,
        )

    def _keep(self, one: Tried) -> None:
        self._store.add(one, self._engine.bank.original_nbytes)
        self._remember(one)

    def _remember(self, one: Tried) -> None:
        before = self._history.best
        self._history.add(one)
        best = self._history.best
        if best is not None and best is not before:
            self._on_best(best)
        self._progress.advance(1, self._remark())

    def _remark(self) -> str:
        history = self._history
        best, nearest = history.best, history.nearest
        if best is None:
            return "" if nearest is None else f"nothing feasible yet, {nearest.drop_pp:.2f} pp"
        text = f"best {best.nbytes:,} bytes, {best.drop_pp:.3f} pp"
        latest = self._latest
        if latest is None or latest.expected_saving is None:
            return text
        if latest.origin == "polish":
            return f"{text}, checking single changes"
        unit = "pp" if history.goal.kind == "max_bytes" else "bytes"
        digits = ".3f" if unit == "pp" else ",.0f"
        return f"{text}, expected to save {latest.expected_saving:{digits}} {unit} more"
