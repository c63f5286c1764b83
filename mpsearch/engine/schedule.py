"""The order in which plans are measured, and how many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from mpsearch.engine.nodes import NodeTable
from mpsearch.engine.weight_bank import TRAINED
from mpsearch.values.stage import Stage

_MOST_ROWS = 512  # images side by side in one stage run


@dataclass(frozen=True, slots=True)
class Wave:
    """Plans that go through the network side by side.

    Attributes:
        members: Positions in the list of plans.
        paths: The node of every stage, per member.
        fresh: Nodes that no earlier wave has evaluated, per member.
        last_use_here: Nodes that no later wave reads.
    """

    members: tuple[int, ...]
    paths: tuple[list[int], ...]
    fresh: tuple[frozenset[int], ...]
    last_use_here: frozenset[int]


def row_nbytes(stages: tuple[Stage, ...], input_nbytes: int) -> list[int]:
    """Bytes one image needs at its widest, from each stage on.

    Reading and writing of one stage are counted together.
    """
    size = {0: input_nbytes}
    for stage in stages:
        size.update(zip(stage.outputs, stage.output_nbytes, strict=True))
    peaks = []
    peak = 0
    for stage in reversed(stages):
        peak = max(peak, sum(size[v] for v in (*stage.inputs, *stage.outputs)))
        peaks.append(peak)
    return peaks[::-1]


def make_waves(
    table: NodeTable,
    stages: tuple[Stage, ...],
    variants: Sequence[tuple[int, ...]],
    evaluated: frozenset[int],
    peaks: list[int],
    images: int,
    wave_nbytes: int,
) -> list[Wave]:
    """Order plans so that what they share is still at hand, and pack them into waves.

    Plans are ordered by the last layer they change: those of a wave then share all that follows,
    which runs as one batch, and what precedes was left behind by earlier waves.

    Args:
        table: Maps nodes to their numbers.
        stages: Stages of the network.
        variants: Per plan, one variant per weight layer.
        evaluated: Nodes that need no evaluation (the baseline's).
        peaks: Bytes that one image needs from each stage on, from :func:`row_nbytes`.
        images: Images per chunk.
        wave_nbytes: Bytes of activations a wave may hold, roughly.
    """
    order = sorted(range(len(variants)), key=lambda i: (_last_changed(variants[i]), variants[i]))
    seen = set(evaluated)
    packed: list[tuple[list[int], list[list[int]], list[frozenset[int]]]] = []
    room = rows = 0
    before: tuple[tuple[int, ...], list[int]] | None = None
    for i in order:
        path = table.path(variants[i], before)
        before = variants[i], path
        fresh = frozenset(path) - seen
        seen |= fresh
        first = min((table[n].stage for n in fresh), default=len(stages) - 1)
        need = peaks[first] * images
        if not packed or need > room or rows + images > _MOST_ROWS:
            packed.append(([], [], []))
            room, rows = wave_nbytes, 0
        room -= need
        rows += images
        members, paths, news = packed[-1]
        members.append(i)
        paths.append(path)
        news.append(fresh)
    return _with_last_uses(table, packed)


def _last_changed(variants: tuple[int, ...]) -> int:
    return max((i for i, variant in enumerate(variants) if variant != TRAINED), default=-1)


def _with_last_uses(
    table: NodeTable, packed: list[tuple[list[int], list[list[int]], list[frozenset[int]]]]
) -> list[Wave]:
    waves: list[Wave] = []
    read_later: set[int] = set()
    for members, paths, news in reversed(packed):
        read = {source for fresh in news for n in fresh for source, _ in table[n].sources}
        used = read | {n for fresh in news for n in fresh}
        last = frozenset(used - read_later)
        waves.append(Wave(tuple(members), tuple(paths), tuple(news), last))
        read_later |= read
    return waves[::-1]
