"""A stage: the piece of a network between two points where plans may part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A pure function of its decoded weights and its inputs.

    A stage begins at a weight layer, or where branches meet, and runs to the next one. Values are
    numbered through the whole network; value 0 is the network's input.

    Attributes:
        index: Position in an order in which every stage comes after those it depends on.
        name: Name of its first layer, for messages.
        layers: Indices of the weight layers inside; none, one, or several where a composite
            layer cannot be cut.
        inputs: Values it reads, in argument order.
        outputs: Values it makes that are read outside of the stage.
        output_nbytes: Bytes of each output for one image.
    """

    index: int
    name: str
    layers: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    output_nbytes: tuple[int, ...]
