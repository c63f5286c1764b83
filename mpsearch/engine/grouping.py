"""Which nodes of a stage run as one call."""

from collections import Counter, defaultdict
from typing import Final

from mpsearch.engine.nodes import NodeTable, Source
from mpsearch.engine.protocol import Network

# Images that must be spared copying before nodes that share an input become a call of their own.
_LEAST_SPARED: Final = 8


def groups(
    network: Network, table: NodeTable, stage: int, nodes: list[int], images: int
) -> list[list[int]]:
    """Split nodes of one stage into calls.

    Nodes with the same weights run together, by shared input where the network need not have it
    repeated; so do small groups of the same size where it can stack weights.

    Args:
        network: Says which grouping is faster.
        table: Maps node numbers to nodes.
        stage: The stage of the nodes.
        nodes: All nodes of the stage that must run.
        images: Images per node.
    """
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for node in nodes:
        alike[table[node].variants].append(node)
    most = network.most_stacked(stage, shared=False)
    most_shared = network.most_stacked(stage, shared=True)
    spreads = network.spreads(stage)
    joined: dict[object, list[int]] = defaultdict(list)
    for variants, group in alike.items():
        if len(group) * images <= most:
            joined[len(group)].extend(group)
        elif len(group) == 1 and images <= most_shared:
            joined["same input", table[group[0]].sources].extend(group)
        elif spreads:
            for shared, some in _by_shared_input(table, group, images).items():
                joined[variants, shared].extend(some)
        else:
            joined[variants].extend(group)
    return list(joined.values())


def _by_shared_input(
    table: NodeTable, nodes: list[int], images: int
) -> dict[tuple[int, Source] | None, list[int]]:
    """Nodes by the input that most of the others read as well; None where few do."""
    readers = Counter(read for node in nodes for read in enumerate(table[node].sources))
    nodes_by_input: dict[tuple[int, Source] | None, list[int]] = defaultdict(list)
    for node in nodes:
        best = max(enumerate(table[node].sources), key=readers.__getitem__)
        spared = (readers[best] - 1) * images
        nodes_by_input[best if spared >= _LEAST_SPARED else None].append(node)
    return nodes_by_input
