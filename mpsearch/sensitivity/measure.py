"""Measure the missing parts of a profile."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.protocol import Network
from mpsearch.memory.input_images import Inputs
from mpsearch.sensitivity.gradient import first_order
from mpsearch.sensitivity.plans import cumulative_plan, per_layer_plan, uniform_plan
from mpsearch.sensitivity.profile import Reading, SensitivityProfile
from mpsearch.sensitivity.suffix_work import SuffixWork
from mpsearch.values.arrays import Float64Array
from mpsearch.values.errors import GradientsLost
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent

Part = Literal["per_layer", "uniform", "cumulative", "predicted"]
ALL_PARTS: Final[tuple[Part, ...]] = ("per_layer", "uniform", "cumulative", "predicted")

_SAVE_EVERY: Final = 2.0  # seconds

Save = Callable[[SensitivityProfile], object]
# Where a measurement belongs: the part, and the key inside it.
_Key = tuple[Part, tuple[str, str] | tuple[str, int] | str]


@dataclass
class _Notebook:
    """A profile in the making."""

    start: SensitivityProfile
    per_layer: dict[tuple[str, str], Reading] = field(init=False)
    predicted: dict[tuple[str, str], Float64Array] = field(init=False)
    uniform: dict[str, Reading] = field(init=False)
    cumulative: dict[tuple[str, int], Reading] = field(init=False)

    def __post_init__(self) -> None:
        self.per_layer = dict(self.start.per_layer)
        self.predicted = dict(self.start.predicted)
        self.uniform = dict(self.start.uniform)
        self.cumulative = dict(self.start.cumulative)

    def has(self, key: _Key) -> bool:
        part, where = key
        return where in getattr(self, part)

    def add(self, key: _Key, measurement: Measurement, nbytes: int) -> None:
        part, where = key
        getattr(self, part)[where] = Reading.of(measurement, nbytes)

    def profile(self, seconds: float, stage_runs: int) -> SensitivityProfile:
        return replace(
            self.start,
            per_layer=dict(self.per_layer),
            predicted=dict(self.predicted),
            uniform=dict(self.uniform),
            cumulative=dict(self.cumulative),
            seconds=self.start.seconds + seconds,
            stage_runs=self.start.stage_runs + stage_runs,
        )


def refusals(
    engine: Engine, schemes: Sequence[str], progress: Progress | None = None
) -> dict[tuple[str, str], str]:
    """(layer name, scheme) → why the scheme cannot store the layer.

    Bytes become known on the way; with entropy coding that takes its time, once.

    Args:
        engine: Holds the weight bank.
        schemes: Names.
        progress: Receives an update after every layer where codes are entropy-coded.
    """
    coded = engine.bank.coding != "none" and progress is not None
    listener = progress if coded and progress is not None else Silent()
    reasons: dict[tuple[str, str], str] = {}
    listener.start("coding layers for their bytes", len(engine.layers))
    for layer in engine.layers:
        for scheme in schemes:
            reason = engine.bank.refusal(layer.index, scheme)
            if reason is not None:
                reasons[layer.name, scheme] = reason
        listener.advance(1, layer.name)
    listener.finish()
    return reasons


def empty_profile(
    engine: Engine,
    schemes: tuple[str, ...],
    images: tuple[str, ...],
    fingerprint: Mapping[str, str],
) -> SensitivityProfile:
    """A profile of which only the baseline and the refusals are known."""
    refused = refusals(engine, schemes)
    return SensitivityProfile(
        fingerprint=dict(fingerprint),
        layers=engine.layers,
        schemes=schemes,
        images=images,
        baseline=Reading.of(engine.baseline, engine.baseline.nbytes),
        refused=refused,
    )


def measure_profile(
    engine: Engine,
    network: Network,
    inputs: Inputs,
    profile: SensitivityProfile,
    *,
    parts: tuple[Part, ...] = ALL_PARTS,
    save: Save | None = None,
    progress: Progress | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> SensitivityProfile:
    """Complete a profile; what it has is not measured again.

    Args:
        engine: Measures plans.
        network: Computes gradients for the ``predicted`` part.
        inputs: The engine's images, shape (n, h, w, c).
        profile: Profile to complete: from :func:`empty_profile`, or of an interrupted run.
        parts: Names of the parts to complete.
        save: Called with the profile so far every two seconds, when interrupted and at the end.
        progress: Receives an update after every plan measured.
        on_note: Receives the reason if gradients cannot be had and ``predicted`` is left out.
    """
    notebook = _Notebook(profile)
    listener = progress or Silent()
    keep: Save = save or (lambda _: None)
    begun = last_save = time.monotonic()
    runs_before = engine.stage_runs

    def so_far() -> SensitivityProfile:
        return notebook.profile(time.monotonic() - begun, engine.stage_runs - runs_before)

    def saved_now_and_then() -> None:
        nonlocal last_save
        if time.monotonic() - last_save > _SAVE_EVERY:
            keep(so_far())
            last_save = time.monotonic()

    try:
        _measure_plans(engine, profile, parts, notebook, listener, saved_now_and_then)
        if "predicted" in parts:
            _predict(engine, network, inputs, profile, notebook, listener, on_note)
    finally:
        keep(so_far())
    return so_far()


def _wanted_plans(profile: SensitivityProfile, parts: tuple[Part, ...]) -> dict[_Key, Plan]:
    names = tuple(layer.name for layer in profile.layers)
    refused = frozenset(profile.refused)
    wanted: dict[_Key, Plan] = {}
    for scheme in profile.schemes:
        if "uniform" in parts:
            wanted["uniform", scheme] = uniform_plan(names, scheme, refused)
        for i, name in enumerate(names):
            if "per_layer" in parts and (name, scheme) not in refused:
                wanted["per_layer", (name, scheme)] = per_layer_plan(names, name, scheme)
            if "cumulative" in parts:
                wanted["cumulative", (scheme, i)] = cumulative_plan(names, scheme, i, refused)
    return wanted


def _measure_plans(
    engine: Engine,
    profile: SensitivityProfile,
    parts: tuple[Part, ...],
    notebook: _Notebook,
    progress: Progress,
    after_each: Callable[[], None],
) -> None:
    wanted = _wanted_plans(profile, parts)
    keys_of: dict[Plan, list[_Key]] = defaultdict(list)
    for key, plan in wanted.items():
        if not notebook.has(key):
            keys_of[plan].append(key)
    index_of = {layer.name: layer.index for layer in profile.layers}
    work = SuffixWork(keys_of)

    def keep(measurement: Measurement) -> None:
        for part, where in keys_of[measurement.plan]:
            nbytes = measurement.nbytes
            if part == "per_layer":
                assert isinstance(where, tuple)
                nbytes = engine.bank.nbytes(index_of[where[0]], str(where[1]))
            notebook.add((part, where), measurement, nbytes)
        work.finish(measurement.plan)
        progress.advance(len(keys_of[measurement.plan]), work=work.now)
        after_each()

    missing = sum(len(keys) for keys in keys_of.values())
    progress.start("measuring layers", len(wanted), done=len(wanted) - missing)
    engine.measure(list(keys_of), on_measured=keep)
    progress.finish()


def _predict(
    engine: Engine,
    network: Network,
    inputs: Inputs,
    profile: SensitivityProfile,
    notebook: _Notebook,
    progress: Progress,
    on_note: Callable[[str], None],
) -> None:
    names = [layer.name for layer in profile.layers]
    cells = [
        (i, scheme)
        for i, name in enumerate(names)
        for scheme in profile.schemes
        if (name, scheme) not in profile.refused and (name, scheme) not in notebook.predicted
    ]
    if not cells:
        return
    progress.start("predicting from gradients", len(inputs))
    try:
        predictions = first_order(
            network,
            engine.bank,
            inputs,
            engine.reference,
            cells,
            on_images=progress.advance,
        )
    except GradientsLost as lost:
        on_note(f"first-order predictions are left out: {lost.reason}")
        return
    finally:
        progress.finish()
    for how in network.gradient_deaths:
        on_note(f"the process that computes gradients {how}; another was started")
    notebook.predicted.update(
        {
            (names[layer], scheme): prediction.change
            for (layer, scheme), prediction in predictions.items()
        }
    )
