"""Evaluate the nodes of a wave, stage by stage, with as little work and copying as possible."""

from collections import Counter, defaultdict
from typing import Final

from mpsearch.core.arrays import Float32Array
from mpsearch.engine.activations import ActivationCache, Block, Place, Worth
from mpsearch.engine.nodes import ROOT, NodeTable
from mpsearch.engine.protocol import Batch, Loaded, Network
from mpsearch.engine.schedule import Wave
from mpsearch.engine.weight_bank import WeightBank

# Images per weight set up to which several sets run faster as one call.
_MOST_STACKED: Final = 8


class WaveRunner:
    """Runs stages on one chunk of images at a time.

    Args:
        network: The classifier.
        table: Says what each node is.
        bank: Has the weights.
        chunks: Pieces of the image set, each of shape (n, h, w, c).
        memory: Bytes of activations kept between waves.
    """

    def __init__(
        self,
        network: Network,
        table: NodeTable,
        bank: WeightBank,
        chunks: list[Float32Array],
        memory: int,
    ) -> None:
        self._network = network
        self._table = table
        self._bank = bank
        self._chunks = chunks
        self._cache = ActivationCache(memory)
        self._baseline: frozenset[int] = frozenset()
        self._serial = 0
        self._ran: Counter[int] = Counter()
        self.stage_runs = 0

    def set_baseline(self, nodes: frozenset[int]) -> None:
        """Name the nodes of the unchanged network: kept longest."""
        self._baseline = nodes

    def scores(
        self, wave: Wave, chunk: int, wanted: set[tuple[int, int]], keep_all: bool
    ) -> dict[tuple[int, int], Float32Array]:
        """Class probabilities of a wave's final nodes on one chunk of images.

        Args:
            wave: What to run.
            chunk: Which images.
            wanted: Final nodes and the output position that holds the scores.
            keep_all: Keep activations that nobody waits for, for the next call.

        Returns:
            (node, position) → probabilities, shape (n, classes).
        """
        places = self._evaluate(chunk, {node for node, _ in wanted}, wave, keep_all)
        # One conversion per block rather than per plan.
        whole: dict[tuple[int, int], Float32Array] = {}
        result = {}
        for node, position in wanted:
            place = places[node]
            key = (place.block.serial, position)
            if key not in whole:
                whole[key] = self._network.probabilities(place.block.outputs[position])
            result[node, position] = whole[key][place.start : place.stop]
        self._cache.demote(chunk, wave.last_use_here)
        if not keep_all:
            self._cache.drop(Worth.MAYBE)
        return result

    def take_runs(self, path: list[int]) -> int:
        """Stage runs spent on the nodes of *path* and not yet taken by another plan."""
        return sum(self._ran.pop(node, 0) for node in path)

    def _evaluate(
        self, chunk: int, wanted: set[int], wave: Wave, keep_all: bool
    ) -> dict[int, Place]:
        """Evaluate nodes and all they need that is not held; return where they are."""
        places, missing = self._plan_work(chunk, wanted)
        readers = self._count_readers(missing, wanted)
        for stage in sorted(missing):
            for group in self._groups(stage, missing[stage], len(self._chunks[chunk])):
                block = self._run_stage(chunk, stage, group, places)
                places.update(block.places())
                self._keep(chunk, block, wave, keep_all)
            for node in missing[stage]:
                for source, _ in self._table[node].sources:
                    readers[source] -= 1
                    if not readers[source]:
                        del places[source]
        return places

    def _plan_work(
        self, chunk: int, wanted: set[int]
    ) -> tuple[dict[int, Place], dict[int, list[int]]]:
        """Split what *wanted* rests on into places that are held and nodes to run, by stage."""
        places: dict[int, Place] = {}
        missing: dict[int, list[int]] = defaultdict(list)
        seen = set(wanted)
        stack = list(wanted)
        while stack:
            number = stack.pop()
            held = self._enter(chunk) if number == ROOT else self._cache.get(chunk, number)
            if held is not None:
                places[number] = held
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

    def _enter(self, chunk: int) -> Place:
        inputs = self._chunks[chunk]
        block = self._block((self._network.enter(inputs),), (ROOT,), len(inputs), inputs.nbytes)
        return Place(block, 0, len(inputs))

    def _block(
        self, outputs: tuple[Batch, ...], nodes: tuple[int, ...], images: int, nbytes: int
    ) -> Block:
        self._serial += 1
        return Block(outputs, nodes, images, nbytes, self._serial)

    def _groups(self, stage: int, nodes: list[int], images: int) -> list[list[int]]:
        """Split the nodes of a stage into those that run as one call.

        Nodes with the same weights do; where the network can stack weights, so do small groups of
        the same size.
        """
        alike: dict[object, list[int]] = defaultdict(list)
        for node in nodes:
            alike[self._table[node].variants].append(node)
        if not self._network.stackable(stage):
            return list(alike.values())
        joined: dict[int, list[int]] = defaultdict(list)
        for number, group in enumerate(alike.values()):
            small = len(group) * images <= _MOST_STACKED
            joined[len(group) if small else -number].extend(group)
        return list(joined.values())

    def _run_stage(
        self, chunk: int, stage: int, nodes: list[int], places: dict[int, Place]
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
        inputs = [
            self._gather([(places[number], position) for number, position in column])
            for column in zip(*read, strict=True)
        ]
        loaded = [self._weights(stage, variants) for variants in sets]
        if len(sets) == 1:
            outputs = self._network.run(stage, loaded[0], inputs)
        else:
            outputs = self._network.run_stacked(stage, loaded, inputs, shared)
        images = len(self._chunks[chunk])
        self.stage_runs += len(nodes) * images
        self._ran.update(dict.fromkeys(nodes, images))
        nbytes = sum(self._network.stages[stage].output_nbytes) * len(nodes) * images
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
        batches = [self._rows(place, position) for place, position in runs]
        return batches[0] if len(batches) == 1 else self._network.join(batches)

    def _rows(self, place: Place, position: int) -> Batch:
        batch = place.block.outputs[position]
        return batch if place.is_whole else self._network.take(batch, place.start, place.stop)

    def _keep(self, chunk: int, block: Block, wave: Wave, keep_all: bool) -> None:
        if any(node in self._baseline for node in block.nodes):
            self._cache.put(chunk, block, Worth.BASELINE)
        elif any(node not in wave.last_use_here for node in block.nodes):
            self._cache.put(chunk, block, Worth.SOON)
        elif keep_all:
            self._cache.put(chunk, block, Worth.MAYBE)
