"""Evaluate the nodes of a wave, stage by stage, with as little work and copying as possible."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mpsearch.engine.activations import ActivationCache, Block, Place, Worth
from mpsearch.engine.grouping import groups
from mpsearch.engine.nodes import ROOT, NodeTable
from mpsearch.engine.protocol import Batch, Loaded, Network
from mpsearch.engine.schedule import Wave
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.memory.freed_memory import FreedMemory
from mpsearch.memory.input_images import Inputs
from mpsearch.values.arrays import Float32Array


@dataclass(frozen=True, slots=True)
class Images:
    """Some images of a chunk: *start* to *stop*."""

    chunk: int
    start: int
    stop: int

    @property
    def count(self) -> int:
        """Number of images."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Keep:
    """What to keep: all but the nodes that no later wave reads, or really all."""

    last_use_here: frozenset[int]
    all: bool


class WaveRunner:
    """Runs stages on one chunk of images at a time.

    Args:
        network: The classifier.
        table: Maps node numbers to nodes.
        bank: Holds the decoded weights.
        inputs: All images, shape (n, h, w, c).
        chunks: Ranges of images that run together.
        memory: Bytes for everything; half of it for images held in memory and for activations kept
            between waves.
    """

    def __init__(
        self,
        network: Network,
        table: NodeTable,
        bank: WeightBank,
        inputs: Inputs,
        chunks: Sequence[range],
        memory: int,
    ) -> None:
        self._network = network
        self._table = table
        self._bank = bank
        self._inputs, self._chunks = inputs, chunks
        held = getattr(inputs, "resident_nbytes", 0)
        self._cache = ActivationCache(max(0, memory // 2 - held))
        self._freed = FreedMemory(memory)
        self._baseline: frozenset[int] = frozenset()
        self._serial = 0
        self._ran: Counter[int] = Counter()
        self.timings = bank.timings

    def release(self) -> None:
        """Free all activations."""
        for worth in Worth:
            self._cache.drop(worth)

    def set_baseline(self, nodes: frozenset[int]) -> None:
        """Name the nodes of the unchanged network: kept longest."""
        self._baseline = nodes

    def scores(
        self,
        wave: Wave,
        chunk: int,
        wanted: set[tuple[int, int]],
        keep_all: bool,
        rows: slice | None = None,
    ) -> dict[tuple[int, int], Float32Array]:
        """Class probabilities of a wave's final nodes on one chunk of images.

        Args:
            wave: The wave to run.
            chunk: Index of the chunk of images.
            wanted: Final nodes and the output position that holds the scores.
            keep_all: Keep activations that are not needed any more, for the next call.
            rows: Only these of the chunk's images; nothing is kept then.

        Returns:
            (node, position) → probabilities, shape (n, classes).
        """
        finals = {node for node, _ in wanted}
        if rows is not None:
            places = self._evaluate(Images(chunk, rows.start, rows.stop), finals, None)
        else:
            keep = Keep(wave.last_use_here, keep_all)
            places = self._evaluate(Images(chunk, 0, len(self._chunks[chunk])), finals, keep)
        # One conversion per block rather than per plan.
        whole: dict[tuple[int, int], Float32Array] = {}
        result = {}
        for node, position in wanted:
            place = places[node]
            key = (place.block.serial, position)
            if key not in whole:
                with self.timings.of_forward():
                    whole[key] = self._network.probabilities(place.block.outputs[position])
            result[node, position] = whole[key][place.start : place.stop]
        if rows is not None:
            return result
        self._cache.demote(chunk, wave.last_use_here)
        if not keep_all:
            self._cache.drop(Worth.MAYBE)
        return result

    def take_runs(self, path: list[int]) -> int:
        """Stage runs spent on the nodes of *path* and not yet taken by another plan."""
        return sum(self._ran.pop(node, 0) for node in path)

    def _evaluate(self, images: Images, wanted: set[int], keep: Keep | None) -> dict[int, Place]:
        """Evaluate nodes and all they need that is not held; return where they are."""
        places, missing = self._plan_work(images, wanted)
        readers = self._count_readers(missing, wanted)
        for stage in sorted(missing):
            for group in groups(self._network, self._table, stage, missing[stage], images.count):
                block = self._run_stage(images.count, stage, group, places)
                places.update(block.places())
                if keep is not None:
                    self._keep(images.chunk, block, keep)
            for node in missing[stage]:
                for source, _ in self._table[node].sources:
                    readers[source] -= 1
                    if not readers[source]:
                        del places[source]
        return places

    def _plan_work(
        self, images: Images, wanted: set[int]
    ) -> tuple[dict[int, Place], dict[int, list[int]]]:
        """Split what *wanted* rests on into places that are held and nodes to run, by stage."""
        places: dict[int, Place] = {}
        missing: dict[int, list[int]] = defaultdict(list)
        seen = set(wanted)
        stack = list(wanted)
        while stack:
            number = stack.pop()
            if number == ROOT:
                places[number] = self._enter(images)
                continue
            held = self._cache.get(images.chunk, number)
            if held is not None:
                self.timings.cache_hits += 1
                start = held.start + images.start
                places[number] = Place(held.block, start, start + images.count)
                continue
            node = self._table[number]
            missing[node.stage].append(number)
            for source, _ in node.sources:
                if source not in seen:
                    seen.add(source)
                    stack.append(source)
        return places, missing

    def _count_readers(self, missing: dict[int, list[int]], wanted: set[int]) -> dict[int, int]:
        readers: dict[int, int] = defaultdict(int)
        for nodes in missing.values():
            for number in nodes:
                for source, _ in self._table[number].sources:
                    readers[source] += 1
        for number in wanted:
            readers[number] += 1
        return readers

    def _enter(self, images: Images) -> Place:
        first = self._chunks[images.chunk].start
        inputs = self._inputs[first + images.start : first + images.stop]
        block = self._block((self._network.enter(inputs),), (ROOT,), len(inputs), inputs.nbytes)
        return Place(block, 0, len(inputs))

    def _block(
        self, outputs: tuple[Batch, ...], nodes: tuple[int, ...], images: int, nbytes: int
    ) -> Block:
        self._serial += 1
        return Block(outputs, nodes, images, nbytes, self._serial)

    def _run_stage(
        self, images: int, stage: int, nodes: list[int], places: dict[int, Place]
    ) -> Block:
        """Evaluate a group of nodes of one stage as one call."""
        sets = list(dict.fromkeys(self._table[node].variants for node in nodes))
        if len(sets) == 1:
            # In the order in which their inputs lie, so that batches need not be rearranged.
            nodes = sorted(
                nodes,
                key=lambda n: [
                    (places[s].block.serial, places[s].start) for s, _ in self._table[n].sources
                ],
            )
        sources = list(dict.fromkeys(self._table[node].sources for node in nodes))
        shared = len(sources) == 1
        read = sources if shared else [self._table[node].sources for node in nodes]
        columns = [list(column) for column in zip(*read, strict=True)]
        if len(sets) == 1 and self._network.spreads(stage):
            columns = [column[:1] if len(set(column)) == 1 else column for column in columns]
        inputs = [
            self._gather([(places[number], position) for number, position in column])
            for column in columns
        ]
        loaded = [self._weights(stage, variants) for variants in sets]
        with self.timings.of_forward():
            if len(sets) == 1:
                outputs = self._network.run(stage, loaded[0], inputs)
            else:
                outputs = self._network.run_stacked(stage, loaded, inputs, shared)
        self.timings.calls += 1
        self.timings.stage_runs += len(nodes) * images
        self._ran.update(dict.fromkeys(nodes, images))
        nbytes = sum(self._network.stages[stage].output_nbytes) * len(nodes) * images
        self._freed.made(nbytes)
        return self._block(outputs, tuple(nodes), images, nbytes)

    def _weights(self, stage: int, variants: tuple[int, ...]) -> list[Loaded]:
        layers = self._network.stages[stage].layers
        return [self._bank.loaded(i, v) for i, v in zip(layers, variants, strict=True)]

    def _gather(self, parts: list[tuple[Place, int]]) -> Batch:
        """One batch of several places, copying as little as possible."""
        runs: list[tuple[Place, int]] = []
        for place, position in parts:
            if runs:
                last, last_position = runs[-1]
                if (last.block, last_position, last.stop) == (place.block, position, place.start):
                    runs[-1] = Place(place.block, last.start, place.stop), position
                    continue
            runs.append((place, position))
        with self.timings.of_forward():
            batches = [self._rows(place, position) for place, position in runs]
            return batches[0] if len(batches) == 1 else self._network.join(batches)

    def _rows(self, place: Place, position: int) -> Batch:
        batch = place.block.outputs[position]
        return batch if place.is_whole else self._network.take(batch, place.start, place.stop)

    def _keep(self, chunk: int, block: Block, keep: Keep) -> None:
        if any(node in self._baseline for node in block.nodes):
            self._cache.put(chunk, block, Worth.BASELINE)
        elif any(node not in keep.last_use_here for node in block.nodes):
            self._cache.put(chunk, block, Worth.SOON)
        elif keep.all:
            self._cache.put(chunk, block, Worth.MAYBE)
