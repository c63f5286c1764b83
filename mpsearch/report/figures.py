"""The numbers that the figures of a report show, without their look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from mpsearch.propose.front import front
from mpsearch.propose.goal import Goal
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.trials import Trial
from mpsearch.values.arrays import BoolArray, Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.plan import Plan

_CURVES: Final = 8  # cumulative curves that can be told apart


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Drop of every layer under every scheme, that layer changed alone.

    Attributes:
        layers: Names, in model order.
        schemes: Names, the largest first.
        drops_pp: Drops, percentage points, shape (layers, schemes); NaN where not measured.
        chosen: Per layer, the plan's scheme as a position in *schemes*, or None.
        limits_pp: Smallest and largest drop that colours tell apart; parts of one figure share
            them.
    """

    layers: tuple[str, ...]
    schemes: tuple[str, ...]
    drops_pp: Float64Array
    chosen: tuple[int | None, ...]
    limits_pp: tuple[float, float]

    def parts(self, rows: int) -> list["Heatmap"]:
        """Pieces of nearly the same height, none higher than *rows* layers."""
        return [
            replace(
                self,
                layers=self.layers[part],
                drops_pp=self.drops_pp[part],
                chosen=self.chosen[part],
            )
            for part in pieces(len(self.layers), rows)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeCurves:
    """Drop as one layer after the other is stored under a scheme.

    Attributes:
        layers: Names, in model order.
        curves: Scheme → drop with layers 0 to i changed, shape (layers,), NaN where nothing was
            measured; the largest scheme first.
        of: How many schemes were measured; the curves are some of them if that is more.
        budget_pp: The limit, or None.
    """

    layers: tuple[str, ...]
    curves: Mapping[str, Float64Array]
    of: int
    budget_pp: float | None


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPlans:
    """All plans measured, by bytes and drop.

    Attributes:
        nbytes: Bytes of all parameters, shape (plans,).
        drops_pp: Drops of the plans, percentage points, shape (plans,).
        feasible: Whether each plan keeps the limit, shape (plans,).
        front: Positions of plans that no other beats, the smallest first.
        chosen: Bytes and drop of the plan chosen.
        uniform: Scheme → position of the plan that stores every layer so.
        budget_pp: The limit, or None.
        max_nbytes: The limit, in bytes of all parameters, or None.
    """

    nbytes: IntArray
    drops_pp: Float64Array
    feasible: BoolArray
    front: IntArray
    chosen: tuple[int, float]
    uniform: Mapping[str, int]
    budget_pp: float | None
    max_nbytes: int | None


@dataclass(frozen=True, slots=True)
class LayerBytes:
    """What every layer takes before and after.

    Attributes:
        layers: Names, in model order.
        schemes: Scheme of each layer under the plan.
        before: Bytes as float32.
        after: Bytes under the plan.
        other_nbytes: Bytes of all other parameters, the same before and after.
        palette: Every scheme of the plan, the most bytes per weight first.
        largest: The longest bar; parts of one figure share it.
    """

    layers: tuple[str, ...]
    schemes: tuple[str, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    other_nbytes: int
    palette: tuple[str, ...]
    largest: int

    def parts(self, rows: int) -> list["LayerBytes"]:
        """Pieces of nearly the same height, none higher than *rows* layers."""
        return [
            replace(
                self,
                layers=self.layers[part],
                schemes=self.schemes[part],
                before=self.before[part],
                after=self.after[part],
            )
            for part in pieces(len(self.layers), rows)
        ]

    def totals(self) -> list[tuple[str, int, int]]:
        """(scheme, bytes before, bytes after) of the layers that have it, in palette order."""
        rows = list(zip(self.schemes, self.before, self.after, strict=True))
        return [
            (
                scheme,
                sum(before for layer_scheme, before, _ in rows if layer_scheme == scheme),
                sum(after for layer_scheme, _, after in rows if layer_scheme == scheme),
            )
            for scheme in self.palette
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """The best plan after every measurement.

    Attributes:
        values: What is minimized, per plan measured, shape (plans,): bytes of all parameters, or
            the drop.
        feasible: Whether each plan keeps the limit, shape (plans,).
        best: Least value of a feasible plan so far, shape (plans,); NaN before the first.
        is_bytes: Whether values are bytes rather than percentage points.
    """

    values: Float64Array
    feasible: BoolArray
    best: Float64Array
    is_bytes: bool


def pieces(count: int, rows: int) -> list[slice]:
    """Slices that cut *count* rows into parts of nearly the same size, at most *rows* each."""
    parts = max(1, -(-count // rows))
    ends = [round(count * part / parts) for part in range(parts + 1)]
    return [slice(low, high) for low, high in pairwise(ends)]


def heatmap(profile: SensitivityProfile, plan: Plan, metric: Metric) -> Heatmap | None:
    """Measured drops of single layers; None if none were measured."""
    schemes = _by_size(profile, {scheme for _, scheme in profile.per_layer})
    if not schemes:
        return None
    layers = tuple(layer.name for layer in profile.layers)
    drops = np.full((len(layers), len(schemes)), np.nan)
    for row, layer in enumerate(layers):
        for column, scheme in enumerate(schemes):
            reading = profile.per_layer.get((layer, scheme))
            if reading is not None:
                drops[row, column] = profile.drop_pp(reading, metric)
    chosen = plan.as_mapping()
    places = {scheme: column for column, scheme in enumerate(schemes)}
    high = max(1.0, float(np.nanmax(drops)))
    return Heatmap(
        layers,
        schemes,
        drops,
        tuple(places.get(chosen.get(layer, "")) for layer in layers),
        (min(0.01, high / 1000), high),
    )


def cumulative_curves(
    profile: SensitivityProfile, metric: Metric, budget_pp: float | None
) -> CumulativeCurves | None:
    """Cumulative drops, of some schemes evenly spread by size if there are many; None if none."""
    measured = _by_size(profile, {scheme for scheme, _ in profile.cumulative})
    measured = tuple(scheme for scheme in measured if scheme != "original")
    if not measured:
        return None
    kept = np.unique(np.linspace(0, len(measured) - 1, min(_CURVES, len(measured))).round())
    layers = tuple(layer.name for layer in profile.layers)
    curves = {}
    for scheme in (measured[int(place)] for place in kept):
        drops = np.full(len(layers), np.nan)
        for last in range(len(layers)):
            reading = profile.cumulative.get((scheme, last))
            if reading is not None:
                drops[last] = profile.drop_pp(reading, metric)
        curves[scheme] = drops
    return CumulativeCurves(layers, curves, len(measured), budget_pp)


def measured_plans(
    trials: Sequence[Trial], goal: Goal, chosen: tuple[int, float], other_nbytes: int
) -> MeasuredPlans:
    """Bytes and drop of what was measured.

    Args:
        trials: Measured plans, at least one.
        goal: The goal whose limit is drawn.
        chosen: Bytes of weight layers, and drop, of the plan chosen.
        other_nbytes: Bytes of all other parameters, added to every plan.
    """
    own = np.array([trial.nbytes for trial in trials], dtype=np.int64)
    nbytes = own + other_nbytes
    drops = np.array([trial.drop_pp for trial in trials])
    uniform: dict[str, int] = {}
    for place, trial in enumerate(trials):
        if len(set(trial.plan.schemes)) == 1:
            uniform.setdefault(trial.plan.schemes[0], place)
    limit = goal.max_nbytes
    return MeasuredPlans(
        nbytes=nbytes,
        drops_pp=drops,
        feasible=np.array(goal.allowed(trials), dtype=np.bool),
        front=front(nbytes, drops),
        chosen=(chosen[0] + other_nbytes, chosen[1]),
        uniform=uniform,
        budget_pp=goal.budget_pp,
        max_nbytes=None if limit is None else limit + other_nbytes,
    )


def layer_bytes(
    plan: Plan, nbytes: Mapping[str, tuple[int, int]], other_nbytes: int
) -> LayerBytes | None:
    """Bytes of every layer before and after; None if those of a layer are not known.

    Args:
        plan: The plan to draw.
        nbytes: Layer → bytes as float32 and under the plan.
        other_nbytes: Bytes of all other parameters.
    """
    if not all(layer in nbytes for layer in plan.layers) or not plan.layers:
        return None
    before = tuple(nbytes[layer][0] for layer in plan.layers)
    after = tuple(nbytes[layer][1] for layer in plan.layers)
    share: dict[str, float] = {}
    for scheme, was, now in zip(plan.schemes, before, after, strict=True):
        share[scheme] = max(share.get(scheme, 0.0), now / max(1, was))
    palette = tuple(sorted(share, key=lambda scheme: (-share[scheme], scheme)))
    return LayerBytes(
        plan.layers, plan.schemes, before, after, other_nbytes, palette, max(*before, *after, 1)
    )


def progress(trials: Sequence[Trial], goal: Goal, other_nbytes: int) -> Progress:
    """The best value after every measurement.

    Args:
        trials: Measured plans, in the order of measuring.
        goal: Goal that says which plans count and what is minimized.
        other_nbytes: Bytes of all other parameters, added to every plan.
    """
    is_bytes = goal.max_nbytes is None
    nbytes = np.array([trial.nbytes for trial in trials], dtype=np.int64)
    drops = np.array([trial.drop_pp for trial in trials], dtype=np.float64)
    values = (nbytes + other_nbytes).astype(np.float64) if is_bytes else drops
    feasible = np.array(goal.allowed(trials), dtype=np.bool)
    best = np.fmin.accumulate(np.where(feasible, values, np.nan))
    return Progress(values, feasible, best, is_bytes)


def _by_size(profile: SensitivityProfile, schemes: set[str]) -> tuple[str, ...]:
    """The schemes, those first that store the network in the most bytes."""
    total = dict.fromkeys(schemes, 0.0)
    originals = {layer.name: layer.original_nbytes for layer in profile.layers}
    for scheme in schemes:
        if scheme in profile.uniform:
            total[scheme] = profile.uniform[scheme].nbytes
            continue
        # A scheme that some layers refuse is as large as where it is taken.
        taken = [(r.nbytes, originals[n]) for (n, s), r in profile.per_layer.items() if s == scheme]
        whole = sum(was for _, was in taken) or 1
        total[scheme] = sum(originals.values()) * sum(now for now, _ in taken) / whole
    return tuple(sorted(schemes, key=lambda scheme: (-total[scheme], scheme)))
