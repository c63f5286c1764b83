"""What is known of a weight layer without its weights."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeightTensor:
    """One tensor of a weight layer.

    Attributes:
        name: ``kernel``, ``bias``, ``depthwise_kernel``, ``recurrent_kernel``, ``embeddings``, ….
        shape: Shape of the tensor, as Keras keeps it.
        channel_axes: Along which axes its output channels lie, counted from the last (−1); empty
            for a bias of several axes.
    """

    name: str
    shape: tuple[int, ...]
    channel_axes: tuple[int, ...] = (-1,)

    @property
    def count(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class WeightLayer:
    """A layer that owns kernels and therefore gets a scheme.

    Attributes:
        index: Position in the model's own order, from 0.
        name: Unique; ``outer/inner`` inside a nested model.
        kind: Keras class name, for instance ``Conv2D``.
        tensors: Tensors of the layer, kernel first.
    """

    index: int
    name: str
    kind: str
    tensors: tuple[WeightTensor, ...]

    @property
    def parameters(self) -> int:
        """Number of weights of all its tensors."""
        return sum(tensor.count for tensor in self.tensors)

    @property
    def original_nbytes(self) -> int:
        """Bytes of the layer as float32."""
        return 4 * self.parameters
