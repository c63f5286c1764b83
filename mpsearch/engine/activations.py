"""Activations that may be needed again, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from mpsearch.engine.protocol import Batch


class Worth(IntEnum):
    """How long to keep a block: lower goes first."""

    MAYBE = 0  # of a plan just measured; a neighbour may ask for it
    SOON = 1  # a plan that waits will need it
    BASELINE = 2  # every plan that changes few layers needs it


@dataclass(eq=False, slots=True)
class Block:
    """The outputs of one stage run, for one or more nodes.

    Attributes:
        outputs: One batch per output of the stage.
        nodes: Nodes of the block, in the order of their images inside the batches.
        images: Images per node.
        nbytes: Bytes of all outputs together.
        serial: Blocks made later have larger ones; orders batches the same way in every run.
    """

    outputs: tuple[Batch, ...]
    nodes: tuple[int, ...]
    images: int
    nbytes: int
    serial: int

    def places(self) -> Iterator[tuple[int, "Place"]]:
        """Each node with where its images are."""
        for position, node in enumerate(self.nodes):
            start = position * self.images
            yield node, Place(self, start, start + self.images)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's outputs are: images ``start`` to ``stop`` of a block."""

    block: Block
    start: int
    stop: int

    @property
    def is_whole(self) -> bool:
        """Whether that is all of the block."""
        return self.start == 0 and self.stop == len(self.block.nodes) * self.block.images


class ActivationCache:
    """Blocks by image chunk and node, the least worth and least recently used evicted first.

    A block is kept or evicted whole, as its batches are single pieces of memory.

    Args:
        memory: Bytes held at most; 0 holds nothing.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._held = 0
        self._places: dict[tuple[int, int], Place] = {}
        self._queues: dict[Worth, OrderedDict[tuple[int, Block], None]] = {
            worth: OrderedDict() for worth in Worth
        }
        self._worth: dict[tuple[int, Block], Worth] = {}
        self._awaited: dict[tuple[int, Block], set[int]] = {}  # of blocks put as SOON

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def get(self, chunk: int, node: int) -> Place | None:
        """Where *node*'s outputs for an image chunk are, if they are held."""
        place = self._places.get((chunk, node))
        if place is not None:
            entry = (chunk, place.block)
            self._queues[self._worth[entry]].move_to_end(entry)
        return place

    def put(self, chunk: int, block: Block, worth: Worth) -> None:
        """Keep a block, evicting others of the same or less worth if it does not fit."""
        if not self._make_room(block.nbytes, worth):
            return
        entry = (chunk, block)
        self._queues[worth][entry] = None
        self._worth[entry] = worth
        if worth is Worth.SOON:
            self._awaited[entry] = set(block.nodes)
        self._held += block.nbytes
        for node, place in block.places():
            self._places[chunk, node] = place

    def drop(self, worth: Worth) -> None:
        """Evict everything of one worth."""
        for entry in list(self._queues[worth]):
            self._evict(entry)

    def demote(self, chunk: int, nodes: Iterable[int]) -> None:
        """Mark nodes as no longer needed; a block is demoted with the last of its nodes."""
        for node in nodes:
            place = self._places.get((chunk, node))
            if place is None:
                continue
            entry = (chunk, place.block)
            if self._worth[entry] is not Worth.SOON:
                continue
            self._awaited[entry].discard(node)
            if not self._awaited[entry]:
                del self._queues[Worth.SOON][entry]
                self._queues[Worth.MAYBE][entry] = None
                self._worth[entry] = Worth.MAYBE

    def _make_room(self, nbytes: int, worth: Worth) -> bool:
        if nbytes > self._memory:
            return False
        for lower in Worth:
            while self._held + nbytes > self._memory and self._queues[lower]:
                if lower > worth:
                    return False
                self._evict(next(iter(self._queues[lower])))
        return self._held + nbytes <= self._memory

    def _evict(self, entry: tuple[int, Block]) -> None:
        chunk, block = entry
        del self._queues[self._worth.pop(entry)][entry]
        self._awaited.pop(entry, None)
        self._held -= block.nbytes
        for node in block.nodes:
            place = self._places.get((chunk, node))
            if place is not None and place.block is block:
                del self._places[chunk, node]
