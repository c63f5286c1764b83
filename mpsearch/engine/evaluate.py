"""The engine: a list of plans in, a list of measurements out."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from mpsearch.engine.nodes import NodeTable, Source
from mpsearch.engine.protocol import Network
from mpsearch.engine.racing import is_proven_above, pieces
from mpsearch.engine.schedule import Wave, make_waves, row_nbytes
from mpsearch.engine.wave_runner import WaveRunner
from mpsearch.engine.weight_bank import TRAINED, WeightBank
from mpsearch.memory.freed_memory import give_back_freed_memory
from mpsearch.memory.input_images import Inputs
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.errors import PlanError
from mpsearch.values.layer import WeightLayer
from mpsearch.values.measurement import Answers, Measurement
from mpsearch.values.plan import Plan

# A wave has room for this many bytes of activations, and for this many images where they are
# large: fewer do not fill the processor, more do not run faster.
_WAVE_NBYTES: Final = 128 * 2**20
_WAVE_IMAGES: Final = 32
# A call with few plans is a search step: the next one will resemble it.
_FEW_PLANS: Final = 8
_MOST_IMAGES: Final = 64  # images per chunk


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
        network: The classifier.
        bank: Encodes and decodes its layers.
        inputs: Preprocessed images, shape (n, h, w, c); read in slices.
        truth: Reference class per image, shape (n,); the baseline's top-1 where it is None.
        memory: Bytes for everything; half of it for images and for activations that may be needed
            again.
        on_baseline: Called with class probabilities of the unchanged model, shape (k, classes), of
            some images at a time.
    """

    def __init__(
        self,
        network: Network,
        bank: WeightBank,
        inputs: Inputs,
        truth: IntArray | None,
        memory: int,
        on_baseline: Callable[[Float32Array], object] = lambda _: None,
    ) -> None:
        self._network = network
        self._images = len(inputs)
        self._peaks = row_nbytes(network.stages, 4 * math.prod(inputs.shape[1:]))
        enough = max(_WAVE_NBYTES, _WAVE_IMAGES * self._peaks[0])
        self._wave_nbytes = max(1, min(enough, memory // 4))
        step = max(1, min(_MOST_IMAGES, self._wave_nbytes // self._peaks[0]))
        self._chunks = [range(i, min(i + step, len(inputs))) for i in range(0, len(inputs), step)]
        self._table = NodeTable(network.stages, network.output)
        self.bank = bank
        self._runner = WaveRunner(network, self._table, bank, inputs, self._chunks, memory)
        self.timings = bank.timings
        self._answers: dict[Source, _Answer] = {}
        with self.timings.of_total():
            self._measure_baseline(truth, on_baseline)

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""
        return self._network.layers

    @property
    def images(self) -> int:
        """How many images a plan is measured on."""
        return self._images

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
            self._table,
            self._network.stages,
            [self.bank.variants(plan.schemes) for plan in plans],
            self._baseline_nodes,
            self._peaks,
            len(self._chunks[0]),
            self._wave_nbytes,
        )
        found: dict[int, Measurement] = {}
        for wave in waves:
            given_up: set[Source] = set()
            if race is None:
                self._run_wave(wave, keep_all=len(plans) <= _FEW_PLANS)
            else:
                given_up = self._race_wave(wave, race)
            finals = [self._table.final(path) for path in wave.paths]
            for member, path, final in zip(wave.members, wave.paths, finals, strict=True):
                plan, runs = plans[member], self._runner.take_runs(path)
                answers, position = self._answers[final]
                found[member] = answers.measurement(position, plan, self.nbytes(plan), runs)
                on_measured(found[member])
            for final in given_up:
                del self._answers[final]
        return [found[i] for i in range(len(plans))]

    @property
    def reference(self) -> IntArray:
        """Reference class per image, shape (n,)."""
        return self._reference

    @property
    def baseline_probabilities(self) -> Float32Array:
        """Class probabilities of the unchanged model, shape (n, classes); they are not kept."""
        return np.concatenate(
            [self._baseline_scores(chunk) for chunk, _ in enumerate(self._chunks)]
        )

    def release(self) -> None:
        """Free activations and decoded weights; they are computed again when needed."""
        self._runner.release()
        self.bank.release()
        give_back_freed_memory()

    @property
    def stage_runs(self) -> int:
        """Stage evaluations (one stage on one image) so far, baseline included."""
        return self.timings.stage_runs

    def _measure_baseline(
        self, truth: IntArray | None, on_baseline: Callable[[Float32Array], object]
    ) -> None:
        path = self._table.path((TRAINED,) * len(self.layers))
        self._baseline_final = self._table.final(path)
        self._baseline_nodes = frozenset(path)
        self._runner.set_baseline(self._baseline_nodes)
        self._reference = np.empty(self._images, np.int64) if truth is None else truth
        answers: Answers | None = None
        for chunk, images in enumerate(self._chunks):
            probabilities = self._baseline_scores(chunk)
            on_baseline(probabilities)
            rows = slice(images.start, images.stop)
            if truth is None:
                self._reference[rows] = probabilities.argmax(axis=1)
            if answers is None:
                self._classes = probabilities.shape[1]
                answers = Answers.blank(1, self._images, self._classes)
            answers.put([0], images.start, Answers.of([probabilities], self._reference[rows]))
        assert answers is not None  # there are images
        self._answers[self._baseline_final] = _Answer(answers, 0)
        plan = Plan.uniform([layer.name for layer in self.layers], "original")
        runs = self._runner.take_runs(path)
        self.baseline = answers.measurement(0, plan, self.nbytes(plan), runs)

    def _baseline_scores(self, chunk: int) -> Float32Array:
        path = self._table.path((TRAINED,) * len(self.layers))
        wave = Wave((0,), (path,), (self._baseline_nodes,), frozenset())
        final = self._baseline_final
        return self._runner.scores(wave, chunk, {final}, keep_all=False)[final]

    def _run_wave(self, wave: Wave, keep_all: bool) -> None:
        finals = self._new_finals(wave)
        answers = Answers.blank(len(finals), self._images, self._classes)
        if finals:
            for chunk, images in enumerate(self._chunks):
                scores = self._runner.scores(wave, chunk, set(finals), keep_all)
                part = [scores[final] for final in finals]
                reference = self._reference[images.start : images.stop]
                answers.put(range(len(finals)), images.start, Answers.of(part, reference))
        self._remember(wave, answers, finals)

    def _race_wave(self, wave: Wave, race: _Race) -> set[Source]:
        """Run a wave in pieces of the image set, without the plans already decided.

        Returns:
            Outputs of the plans that were abandoned.
        """
        finals = self._new_finals(wave)
        answers = Answers.blank(len(finals), self._images, self._classes)
        left = dict(zip(finals, range(len(finals)), strict=True))
        for chunk, images in enumerate(self._chunks):
            for rows in pieces(len(images)):
                if not left:
                    break
                scores = self._runner.scores(wave, chunk, set(left), False, rows)
                first = images.start + rows.start
                reference = self._reference[first : images.start + rows.stop]
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
        finals = dict.fromkeys(self._table.final(path) for path in wave.paths)
        return [final for final in finals if final not in self._answers]

    def _remember(self, wave: Wave, answers: Answers, finals: list[Source]) -> None:
        # Equal plans stand side by side, so only the latest answers can be asked for again.
        again = {self._table.final(path) for path in wave.paths} | {self._baseline_final}
        kept = {final: self._answers[final] for final in again & set(self._answers)}
        found = {final: _Answer(answers, position) for position, final in enumerate(finals)}
        self._answers = kept | found
