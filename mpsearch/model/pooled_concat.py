"""Pool the parts of a concatenation rather than the whole.

Pooling looks at each channel by itself, so pooling before channels are put side by side gives the
same numbers, and a quarter of them has to be copied.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from mpsearch.model.backend import keras
from mpsearch.model.graph import Call


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
        concat: The call that concatenates.
        parts: Values that are concatenated, with repetition.
        pooling: The pooling layer.
        outputs: Values that the pooling makes.
    """

    concat: Call
    parts: tuple[int, ...]
    pooling: Any
    outputs: tuple[int, ...]

    @property
    def operation(self) -> Any:
        """The layer whose variables are used: none."""
        return self.pooling

    def run(self, known: dict[int, Any]) -> None:
        """Compute the outputs from the values *known* and add them there."""
        pooled = {value: self.pooling(known[value]) for value in dict.fromkeys(self.parts)}
        known[self.outputs[0]] = keras.ops.concatenate([pooled[v] for v in self.parts], axis=-1)


def pooled_concat(first: Call, then: Call) -> PooledConcat | None:
    """The two calls as one, if the second pools the channels that the first concatenates."""
    concat, pooling = first.operation, then.operation
    if type(concat) is not keras.layers.Concatenate or type(pooling) not in _poolings():
        return None
    if not concat.compute_dtype == pooling.compute_dtype == "float32":
        return None
    rank = len(concat.output.shape)
    if concat.axis % rank != rank - 1 or pooling.data_format != "channels_last":
        return None
    return PooledConcat(first, concatenated(first), pooling, then.outputs)


def concatenated(call: Call) -> tuple[int, ...]:
    """The values that a concatenation puts side by side, with repetition."""
    return tuple(call.values[id(tensor)] for tensor in call.arguments.keras_tensors)
