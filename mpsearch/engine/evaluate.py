"""The engine: a list of plans in, a list of measurements out."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from mpsearch.core.arrays import Float32Array, IntArray
from mpsearch.core.errors import PlanError
from mpsearch.core.layer import WeightLayer
from mpsearch.core.measurement import Answers, Measurement
from mpsearch.core.plan import Plan
from mpsearch.engine.confidence import Metric
from mpsearch.engine.nodes import NodeTable, Source
from mpsearch.engine.protocol import Network
from mpsearch.engine.racing import is_proven_above, pieces
from mpsearch.engine.schedule import Wave, make_waves, row_nbytes
from mpsearch.engine.wave_runner import WaveRunner
from mpsearch.engine.weight_bank import TRAINED, WeightBank

# A wave has room for this many bytes of activations, and for this many images where they are
# large: fewer do not fill the processor, more do not run faster.
_WAVE_NBYTES: Final = 128 * 2**20
_WAVE_IMAGES: Final = 32
# A call with few plans is a search step: the next one will resemble it.
_FEW_PLANS: Final = 8
_MOST_IMAGES: Final = 64  # images per chunk


class _Race(NamedTuple):
    """When to give a plan up."""

    stop_above: float
    metric: Metric


class Engine:
    """Measures plans on a network and a fixed set of images.

    Results do not depend on how plans are grouped beyond 5e-6 in probability.

    Args:
        network: The classifier.
        bank: Encodes and decodes its layers.
        inputs: Preprocessed images, shape (n, h, w, c).
        truth: Reference class per image, shape (n,); the baseline's top-1 where it is None.
        memory: Bytes for everything; half of it for activations that may be needed again.
    """

    def __init__(
        self,
        network: Network,
        bank: WeightBank,
        inputs: Float32Array,
        truth: IntArray | None,
        memory: int,
    ) -> None:
        self._network = network
        self._images = len(inputs)
        self._peaks = row_nbytes(network.stages, inputs[0].nbytes)
        enough = max(_WAVE_NBYTES, _WAVE_IMAGES * self._peaks[0])
        self._wave_nbytes = max(1, min(enough, memory // 4))
        step = max(1, min(_MOST_IMAGES, self._wave_nbytes // self._peaks[0]))
        chunks = [inputs[i : i + step] for i in range(0, len(inputs), step)]
        self._chunks = len(chunks)
        self._chunk_images = len(chunks[0])
        self._table = NodeTable(network.stages, network.output)
        self.bank = bank
        self._runner = WaveRunner(network, self._table, bank, chunks, memory)
        self.timings = bank.timings
        self._answers: dict[Source, Float32Array] = {}
        with self.timings.of_total():
            self._measure_baseline(truth)

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
            plans: Of this network's layers.
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
                raise PlanError("the plan is of another model's layers; make one for this model")
        waves = make_waves(
            self._table,
            self._network.stages,
            [self.bank.variants(plan.schemes) for plan in plans],
            self._baseline_nodes,
            self._peaks,
            self._chunk_images,
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
            answers = Answers.of([self._answers[final] for final in finals], self._reference)
            for position, (member, path) in enumerate(zip(wave.members, wave.paths, strict=True)):
                plan, runs = plans[member], self._runner.take_runs(path)
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
        """Class probabilities of the unchanged model, shape (n, classes)."""
        return self._answers[self._baseline_final]

    @property
    def stage_runs(self) -> int:
        """Stage evaluations (one stage on one image) so far, baseline included."""
        return self.timings.stage_runs

    def _measure_baseline(self, truth: IntArray | None) -> None:
        path = self._table.path((TRAINED,) * len(self.layers))
        self._baseline_nodes = frozenset(path)
        self._baseline_final = self._table.final(path)
        self._runner.set_baseline(self._baseline_nodes)
        wave = Wave((0,), (path,), (self._baseline_nodes,), frozenset())
        self._run_wave(wave, keep_all=False)
        probabilities = self._answers[self._baseline_final]
        top1 = probabilities.argmax(axis=1).astype(np.int64)
        self._reference: IntArray = top1 if truth is None else truth
        plan = Plan.uniform([layer.name for layer in self.layers], "original")
        answers = Answers.of([probabilities], self._reference)
        runs = self._runner.take_runs(path)
        self.baseline = answers.measurement(0, plan, self.nbytes(plan), runs)

    def _run_wave(self, wave: Wave, keep_all: bool) -> None:
        finals = {self._table.final(path) for path in wave.paths} - set(self._answers)
        found: dict[Source, list[Float32Array]] = {final: [] for final in finals}
        if finals:
            for chunk in range(self._chunks):
                scores = self._runner.scores(wave, chunk, finals, keep_all)
                for final, probabilities in scores.items():
                    found[final].append(probabilities)
        self._remember(wave, {final: np.concatenate(parts) for final, parts in found.items()})

    def _race_wave(self, wave: Wave, race: _Race) -> set[Source]:
        """As :meth:`_run_wave`, in pieces of the image set and without those already decided.

        Returns:
            What was given up.
        """
        finals = {self._table.final(path) for path in wave.paths} - set(self._answers)
        classes = self.baseline_probabilities.shape[1]
        found = {
            final: np.full((self._images, classes), np.nan, dtype=np.float32) for final in finals
        }
        first = 0
        for chunk in range(self._chunks):
            count = min(self._chunk_images, self._images - first)
            for rows in pieces(count):
                if not finals:
                    break
                scores = self._runner.scores(wave, chunk, finals, False, rows)
                for final, probabilities in scores.items():
                    found[final][first + rows.start : first + rows.stop] = probabilities
                    confidence = found[final][np.arange(self._images), self._reference]
                    if is_proven_above(
                        self.baseline.confidence,
                        confidence.astype(np.float64),
                        race.metric,
                        race.stop_above,
                    ):
                        finals = finals - {final}
            first += count
        self._remember(wave, found)
        return set(found) - finals

    def _remember(self, wave: Wave, found: dict[Source, Float32Array]) -> None:
        # Equal plans stand side by side, so only the latest answers can be asked for again.
        finals = {self._table.final(path) for path in wave.paths} | {self._baseline_final}
        kept = {final: self._answers[final] for final in finals & set(self._answers)}
        self._answers = kept | found
