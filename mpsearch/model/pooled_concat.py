"""Pool the parts of a concatenation rather than the whole.

Pooling looks at each channel by itself, so pooling before channels are put side by side gives the
same numbers, and a quarter of them has to be copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

from mpsearch.model.backend import keras
from mpsearch.model.step import Call, Concatenation, Tensors, Variable, Weights


@cache
def _poolings() -> tuple[Any, ...]:
    return (
        keras.layers.MaxPooling1D,
        keras.layers.MaxPooling2D,
        keras.layers.AveragePooling1D,
        keras.layers.AveragePooling2D,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PooledConcat:
    """A concatenation of channels and the pooling after it, run in the other order.

    Attributes:
        concatenation: Of pooled parts.
        outputs: What the pooling makes.
    """

    spreads: ClassVar[bool] = False

    concatenation: Concatenation
    outputs: tuple[int, ...]

    @property
    def variables(self) -> Sequence[Variable]:
        """None."""
        return ()

    @property
    def layer(self) -> None:
        """No layer alone."""

    def run(self, tensors: Tensors, weights: Weights) -> None:  # noqa: ARG002 - it has none
        """Compute the outputs from the values in *tensors* and add them there."""
        parts, pool = self.concatenation.parts, self.concatenation.pool
        pooled = {value: pool(tensors[value]) for value in dict.fromkeys(parts)}
        tensors[self.outputs[0]] = keras.ops.concatenate([pooled[v] for v in parts], axis=-1)


def pooled_concat(first: Call, then: Call) -> PooledConcat | None:
    """The two calls as one, if the second pools the channels that the first concatenates."""
    side_by_side = first.concatenation
    concat, pooling = first.operation, then.operation
    if side_by_side is None or type(pooling) not in _poolings():
        return None
    if not concat.compute_dtype == pooling.compute_dtype == "float32":
        return None
    rank = len(concat.output.shape)
    if concat.axis % rank != rank - 1 or pooling.data_format != "channels_last":
        return None
    return PooledConcat(replace(side_by_side, pool=pooling), then.outputs)
