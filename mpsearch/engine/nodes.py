"""What a stage's output depends on, as numbers that can be compared.

A *node* stands for the outputs of one stage under certain weights and certain inputs. Two plans
that agree on everything above a stage have the same node there: equal work is equal numbers.
"""

from typing import NamedTuple

from mpsearch.values.stage import Stage

ROOT = 0  # the node of the input images

# Where an input comes from: a node and which of its outputs.
Source = tuple[int, int]


class Node(NamedTuple):
    """One evaluation of one stage.

    Attributes:
        stage: Index of the stage; −1 for the input images.
        variants: One variant number per weight layer of the stage.
        sources: One node number and output position per input of the stage.
    """

    stage: int
    variants: tuple[int, ...]
    sources: tuple[Source, ...]


class NodeTable:
    """Gives equal nodes equal numbers.

    Args:
        stages: Stages of the network.
        output: The network's output value.
    """

    def __init__(self, stages: tuple[Stage, ...], output: int) -> None:
        self._stages = stages
        self._makers = {
            value: (stage.index, position)
            for stage in stages
            for position, value in enumerate(stage.outputs)
        }
        self._final = self._makers[output]
        # Where the inputs of every stage come from; stage −1 are the input images.
        self._feeds = [
            tuple(self._makers.get(value, (-1, 0)) for value in stage.inputs) for stage in stages
        ]
        self._first_stage: dict[int, int] = {}  # in which a layer is used
        for stage in stages:
            for layer in stage.layers:
                self._first_stage.setdefault(layer, stage.index)
        root = Node(-1, (), ())
        self._nodes = [root]
        self._numbers = {root: ROOT}

    def __getitem__(self, number: int) -> Node:
        return self._nodes[number]

    def path(
        self, variants: tuple[int, ...], like: tuple[tuple[int, ...], list[int]] | None = None
    ) -> list[int]:
        """The node of every stage for a plan.

        Args:
            variants: One variant number per weight layer.
            like: Variants and path of another plan; what precedes the first stage in which the
                two differ is taken from it.
        """
        path = [] if like is None else like[1][: self._first_change(variants, like[0])]
        numbers, nodes = self._numbers, self._nodes
        for index in range(len(path), len(self._stages)):
            sources = tuple(
                [
                    (ROOT if maker < 0 else path[maker], position)
                    for maker, position in self._feeds[index]
                ]
            )
            own = tuple([variants[i] for i in self._stages[index].layers])
            node = Node(index, own, sources)
            number = numbers.get(node)
            if number is None:
                number = numbers[node] = len(nodes)
                nodes.append(node)
            path.append(number)
        return path

    def _first_change(self, variants: tuple[int, ...], other: tuple[int, ...]) -> int:
        first, end = self._first_stage, len(self._stages)
        return min((first[i] for i, v in enumerate(variants) if v != other[i]), default=end)

    def final(self, path: list[int]) -> Source:
        """Where the class scores of a plan come from."""
        stage, position = self._final
        return path[stage], position
