"""The least memory with which a bound can be kept."""

from typing import Final

from mpsearch.engine.protocol import Network
from mpsearch.engine.schedule import row_nbytes

_PARTS: Final = 4  # a quarter is for decoded weights, a quarter for the images that run together
_PASSES: Final = 3  # a backward pass holds all values, their derivatives, and some in between


def least_memory(network: Network, image_nbytes: int) -> int:
    """Bytes that a network takes beside its weights, however small its limit is.

    One layer is decoded, and one image run, at a time; they cannot be cut.

    Args:
        network: The classifier.
        image_nbytes: Bytes of one preprocessed image.
    """
    stages = network.stages
    largest = max(layer.original_nbytes for layer in network.layers)
    widest = row_nbytes(stages, image_nbytes)[0]
    values = image_nbytes + sum(nbytes for stage in stages for nbytes in stage.output_nbytes)
    return max(_PARTS * largest, _PARTS * widest, _PASSES * values)
