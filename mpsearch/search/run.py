"""The search: propose, measure, write down, until nothing promises or the limits are reached."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mpsearch.core.errors import SettingError
from mpsearch.core.measurement import Measurement
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress
from mpsearch.engine.confidence import Metric, aggregate, drops_pp
from mpsearch.engine.evaluate import Engine
from mpsearch.search.history import History, Tried
from mpsearch.search.margins import MarginModel
from mpsearch.search.menu import Menu
from mpsearch.search.propose import FrontierProposer
from mpsearch.search.samplers import OptunaProposer
from mpsearch.search.study import StudyStore
from mpsearch.sensitivity.plans import uniform_plan
from mpsearch.sensitivity.profile import Reading, SensitivityProfile

Sampler = Literal["surrogate", "tpe", "nsga2", "random"]
SAMPLERS: Final[tuple[Sampler, ...]] = get_args(Sampler)


def parse_sampler(text: str) -> Sampler:
    """The sampler called *text*.

    Raises:
        SettingError: If there is none.
    """
    for sampler in SAMPLERS:
        if sampler == text:
            return sampler
    raise SettingError(f"unknown sampler {text!r}; choose from {', '.join(SAMPLERS)}")


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop.

    Attributes:
        trials: Finished trials in the study, at most.
        timeout: Seconds of this run, at most; None for no limit.
    """

    trials: int = 100
    timeout: float | None = None


def run_search(
    engine: Engine,
    profile: SensitivityProfile,
    menu: Menu,
    store: StudyStore,
    *,
    metric: Metric,
    budget_pp: float,
    sampler: Sampler,
    seed: int,
    limits: Limits,
    progress: Progress,
    on_best: Callable[[Tried], None],
) -> History:
    """Search until nothing promises, or a limit is reached; resume if the study has trials.

    Args:
        engine: Measures plans.
        profile: With its per-layer and uniform parts complete.
        menu: The choices.
        store: Gets every finished measurement before the next begins.
        metric: How the drops of images become one.
        budget_pp: Largest drop allowed.
        sampler: Who proposes.
        seed: Of the sampler.
        limits: When to stop.
        progress: Is told of every trial.
        on_best: Called whenever the smallest feasible plan changes.

    Returns:
        All that was measured.
    """
    history = store.history()
    known = store.known_elsewhere(profile.baseline.confidence) | _from_profile(profile, metric)
    original = sum(layer.original_nbytes for layer in profile.layers)
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout

    def keep(one: Tried) -> None:
        before = history.best
        store.add(one, original)
        history.add(one)
        best = history.best
        if best is not None and best is not before:
            on_best(best)

    progress.start("searching", limits.trials, done=min(len(history), limits.trials))
    if history.best is not None:
        on_best(history.best)
    for one in known.values():
        if one.origin == "uniform" and one.plan not in history and menu.choice(one.plan):
            keep(one)
            progress.advance(1, _remark(history))
    proposers = _proposers(sampler, menu, profile, metric, budget_pp, seed)
    while len(history) < limits.trials and (deadline is None or time.monotonic() < deadline):
        proposal = next((p for q in proposers if (p := q.next(history)) is not None), None)
        if proposal is None:
            break
        plan, origin = proposal
        keep(known.get(plan) or _measure(engine, plan, origin, profile, metric))
        progress.advance(1, _remark(history))
    progress.finish()
    return history


def _proposers(
    sampler: Sampler,
    menu: Menu,
    profile: SensitivityProfile,
    metric: Metric,
    budget_pp: float,
    seed: int,
) -> list[FrontierProposer | OptunaProposer]:
    if sampler != "surrogate":
        return [OptunaProposer(sampler, menu, seed)]
    model = MarginModel(profile, menu, metric)
    return [FrontierProposer(menu, model, budget_pp), OptunaProposer("tpe", menu, seed)]


def _measure(
    engine: Engine, plan: Plan, origin: str, profile: SensitivityProfile, metric: Metric
) -> Tried:
    (measurement,) = engine.measure([plan])
    return _tried(measurement, origin, profile, metric)


def _tried(
    measurement: Measurement, origin: str, profile: SensitivityProfile, metric: Metric
) -> Tried:
    drops = drops_pp(profile.baseline.confidence, measurement.confidence)
    return Tried(
        plan=measurement.plan,
        nbytes=measurement.nbytes,
        drop_pp=float(aggregate(drops, metric)),
        confidence=measurement.confidence,
        margin=measurement.margin,
        origin=origin,
        stage_runs=measurement.stage_runs,
    )


def _from_profile(profile: SensitivityProfile, metric: Metric) -> dict[Plan, Tried]:
    """Plans whose measurements the profile holds: nothing is measured twice."""
    names = tuple(layer.name for layer in profile.layers)
    refused = frozenset(profile.refused)

    def tried(plan: Plan, reading: Reading) -> Tried:
        return Tried(
            plan,
            reading.nbytes,
            profile.drop_pp(reading, metric),
            reading.confidence,
            reading.margin,
            "uniform",
            0,
        )

    return {
        plan: tried(plan, reading)
        for scheme, reading in profile.uniform.items()
        for plan in [uniform_plan(names, scheme, refused)]
    }


def _remark(history: History) -> str:
    best = history.best
    if best is None:
        nearest = history.nearest
        return "" if nearest is None else f"nothing feasible yet, nearest {nearest.drop_pp:.2f} pp"
    return f"best {best.nbytes:,} bytes, {best.drop_pp:.3f} pp"
