"""The engine: a list of plans in, a list of measurements out."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from mpsearch.engine.baseline import Baseline, baseline_probabilities, measured_baseline
from mpsearch.engine.nodes import Source
from mpsearch.engine.protocol import Network
from mpsearch.engine.racing import is_proven_above, pieces
from mpsearch.engine.schedule import Wave, make_waves
from mpsearch.engine.setup import Setup
from mpsearch.engine.timings import Timings
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.memory.freed_memory import give_back_freed_memory
from mpsearch.memory.input_images import Inputs
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.errors import PlanError
from mpsearch.values.layer import WeightLayer
from mpsearch.values.measurement import Answers, Measurement
from mpsearch.values.plan import Plan

# A call with few plans is a search step: the next one will resemble it.
_FEW_PLANS: Final = 8


class _Race(NamedTuple):
    """Condition under which a plan is abandoned."""

    stop_above: float
    metric: Metric


class _Answer(NamedTuple):
    """Answer of one final node: a position among answers."""

    answers: Answers
    position: int


class Engine:
    """Measures plans on a network and a fixed set of images.

    Results do not depend on how plans are grouped beyond 5e-6 in probability.

    Args:
        setup: What to measure with.
        baseline: What the unchanged network says; drops are against it.
    """

    def __init__(self, setup: Setup, baseline: Baseline) -> None:
        self._setup, self._baseline = setup, baseline
        self._answers: dict[Source, _Answer] = {baseline.final: _Answer(baseline.answers, 0)}

    @classmethod
    def of(
        cls,
        network: Network,
        bank: WeightBank,
        inputs: Inputs,
        truth: IntArray | None,
        memory: int,
        on_baseline: Callable[[Float32Array], object] = lambda _: None,
    ) -> "Engine":
        """An engine whose baseline has been measured.

        Args:
            network: The classifier.
            bank: Encodes and decodes its layers.
            inputs: Preprocessed images, shape (n, h, w, c); read in slices.
            truth: Reference class per image, shape (n,); the baseline's top-1 where it is None.
            memory: Bytes for everything; half of it for images and for activations that may be
                needed again.
            on_baseline: Called with class probabilities of the unchanged model, shape (k, classes),
                of some images at a time.
        """
        setup = Setup.of(network, bank, inputs, memory)
        with bank.timings.of_total():
            return cls(setup, measured_baseline(setup, truth, on_baseline))

    @property
    def bank(self) -> WeightBank:
        """Encodes and decodes the network's layers."""
        return self._setup.bank

    @property
    def timings(self) -> Timings:
        """Where the time of measuring went."""
        return self._setup.bank.timings

    @property
    def baseline(self) -> Measurement:
        """The unchanged network's."""
        return self._baseline.measurement

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""
        return self._setup.network.layers

    @property
    def images(self) -> int:
        """How many images a plan is measured on."""
        return self._setup.images

    def nbytes(self, plan: Plan) -> int:
        """Stored bytes of all weight layers under *plan*.

        Raises:
            SchemeError: If a scheme is unknown or refuses a layer's weights.
        """
        return self.bank.plan_nbytes(plan.schemes)

    def measure(
        self,
        plans: Sequence[Plan],
        on_measured: Callable[[Measurement], None] | None = None,
        *,
        stop_above: float | None = None,
        metric: Metric = "mean",
    ) -> list[Measurement]:
        """Measure *plans*; equal work is done once, whatever their order.

        Args:
            plans: Plans for this network's layers.
            on_measured: Called with each measurement as soon as it is known.
            stop_above: A drop in percentage points. A plan whose images so far prove that its drop
                is larger is given up: its measurement is not ``complete``.
            metric: The drop that *stop_above* speaks of.

        Returns:
            One measurement per plan, in the order of *plans*.

        Raises:
            PlanError: If a plan is of other layers.
            SchemeError: If a scheme is unknown or refuses a layer's weights.
        """
        with self.timings.of_total():
            race = None if stop_above is None else _Race(stop_above, metric)
            return self._measure(plans, on_measured or (lambda _: None), race)

    def _measure(
        self,
        plans: Sequence[Plan],
        on_measured: Callable[[Measurement], None],
        race: _Race | None,
    ) -> list[Measurement]:
        names = tuple(layer.name for layer in self.layers)
        for plan in plans:
            if plan.layers != names:
                raise PlanError(
                    "the plan is for the layers of another model; make one for this model"
                )
        waves = make_waves(
            self._setup.table,
            self._setup.network.stages,
            [self.bank.variants(plan.schemes) for plan in plans],
            self._baseline.nodes,
            self._setup.peaks,
            len(self._setup.chunks[0]),
            self._setup.wave_nbytes,
        )
        measurements: dict[int, Measurement] = {}
        for wave in waves:
            given_up: set[Source] = set()
            if race is None:
                self._run_wave(wave, keep_all=len(plans) <= _FEW_PLANS)
            else:
                given_up = self._race_wave(wave, race)
            finals = [self._setup.table.final(path) for path in wave.paths]
            for member, path, final in zip(wave.members, wave.paths, finals, strict=True):
                plan, runs = plans[member], self._setup.runner.take_runs(path)
                answers, position = self._answers[final]
                measurements[member] = answers.measurement(position, plan, self.nbytes(plan), runs)
                on_measured(measurements[member])
            for final in given_up:
                del self._answers[final]
        return [measurements[i] for i in range(len(plans))]

    @property
    def reference(self) -> IntArray:
        """Reference class per image, shape (n,)."""
        return self._baseline.reference

    @property
    def baseline_probabilities(self) -> Float32Array:
        """Class probabilities of the unchanged model, shape (n, classes); they are not kept."""
        return np.concatenate(
            [baseline_probabilities(self._setup, i) for i, _ in enumerate(self._setup.chunks)]
        )

    def release(self) -> None:
        """Free activations and decoded weights; they are computed again when needed."""
        self._setup.runner.release()
        self.bank.release()
        give_back_freed_memory()

    @property
    def stage_runs(self) -> int:
        """Stage evaluations (one stage on one image) so far, baseline included."""
        return self.timings.stage_runs

    def _run_wave(self, wave: Wave, keep_all: bool) -> None:
        finals = self._new_finals(wave)
        answers = Answers.blank(len(finals), self._setup.images, self._baseline.classes)
        if finals:
            for chunk, images in enumerate(self._setup.chunks):
                scores = self._setup.runner.scores(wave, chunk, set(finals), keep_all)
                part = [scores[final] for final in finals]
                reference = self._baseline.reference[images.start : images.stop]
                answers.put(range(len(finals)), images.start, Answers.of(part, reference))
        self._remember(wave, answers, finals)

    def _race_wave(self, wave: Wave, race: _Race) -> set[Source]:
        """Run a wave in pieces of the image set, without the plans already decided.

        Returns:
            Outputs of the plans that were abandoned.
        """
        finals = self._new_finals(wave)
        answers = Answers.blank(len(finals), self._setup.images, self._baseline.classes)
        left = dict(zip(finals, range(len(finals)), strict=True))
        for chunk, images in enumerate(self._setup.chunks):
            for rows in pieces(len(images)):
                if not left:
                    break
                scores = self._setup.runner.scores(wave, chunk, set(left), False, rows)
                first = images.start + rows.start
                reference = self._baseline.reference[first : images.start + rows.stop]
                part = Answers.of([scores[final] for final in left], reference)
                answers.put(list(left.values()), first, part)
                for final, position in list(left.items()):
                    if is_proven_above(
                        self.baseline.confidence,
                        answers.confidence[position],
                        race.metric,
                        race.stop_above,
                    ):
                        del left[final]
        self._remember(wave, answers, finals)
        return set(finals) - set(left)

    def _new_finals(self, wave: Wave) -> list[Source]:
        """Final nodes of a wave of which nothing is known, each once."""
        finals = dict.fromkeys(self._setup.table.final(path) for path in wave.paths)
        return [final for final in finals if final not in self._answers]

    def _remember(self, wave: Wave, answers: Answers, finals: list[Source]) -> None:
        # Equal plans stand side by side, so only the latest answers can be asked for again.
        again = {self._setup.table.final(path) for path in wave.paths} | {self._baseline.final}
        kept = {final: self._answers[final] for final in again & set(self._answers)}
        entries = {final: _Answer(answers, position) for position, final in enumerate(finals)}
        self._answers = kept | entries
