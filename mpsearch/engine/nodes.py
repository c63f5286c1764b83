"""What a stage's output depends on, as numbers that can be compared.

A *node* stands for the outputs of one stage under certain weights and certain inputs. Two plans
that agree on everything above a stage have the same node there: equal work is equal numbers.
"""

from dataclasses import dataclass

from mpsearch.core.stage import Stage

ROOT = 0  # the node of the input images

# Where an input comes from: a node and which of its outputs.
Source = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Node:
    """One evaluation of one stage.

    Attributes:
        stage: Index of the stage; −1 for the input images.
        variants: One variant per weight layer of the stage.
        sources: One per input of the stage.
    """

    stage: int
    variants: tuple[int, ...]
    sources: tuple[Source, ...]


class NodeTable:
    """Gives equal nodes equal numbers.

    Args:
        stages: Of the network.
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
            variants: One per weight layer.
            like: Variants and path of another plan; what precedes the first stage in which the
                two differ is taken from it.
        """
        path = [] if like is None else like[1][: self._first_change(variants, like[0])]
        for stage in self._stages[len(path) :]:
            sources = tuple(self._source(value, path) for value in stage.inputs)
            node = Node(stage.index, tuple(variants[i] for i in stage.layers), sources)
            number = self._numbers.get(node)
            if number is None:
                number = len(self._nodes)
                self._numbers[node] = number
                self._nodes.append(node)
            path.append(number)
        return path

    def _first_change(self, one: tuple[int, ...], other: tuple[int, ...]) -> int:
        return min(
            (k.index for k in self._stages if any(one[i] != other[i] for i in k.layers)),
            default=len(self._stages),
        )

    def final(self, path: list[int]) -> Source:
        """Where the class scores of a plan come from."""
        stage, position = self._final
        return path[stage], position

    def _source(self, value: int, path: list[int]) -> Source:
        if value not in self._makers:
            return ROOT, 0
        stage, position = self._makers[value]
        return path[stage], position
