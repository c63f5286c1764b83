"""A forward pass as Keras makes it, layer by layer, that looks at every output.

The engine's compiled stages may hide what they compute with: fused kernels turn NaN into 0 where a
ReLU follows. Here images go through the layers one at a time, none joined with another.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import INPUT
from mpsearch.model.step import Call
from mpsearch.values.errors import ModelError


def plain_scores(calls: Sequence[Call], output: int, images: Any, names: Mapping[int, str]) -> Any:
    """Class scores of some images, every layer's output being looked at.

    Args:
        calls: The network's, in order.
        output: The value that holds the scores.
        images: Images, as the network computes with them.
        names: id of a Keras operation → how to call it.

    Raises:
        ModelError: Names the first layer whose output is not finite.
    """
    last = {value: place for place, call in enumerate(calls) for value in call.inputs}
    tensors = {INPUT: images}
    for place, call in enumerate(calls):
        call.run(tensors)
        for value in call.outputs:
            _require_finite(call.operation, tensors[value], names)
        for value in {*call.inputs, *call.outputs} - {output}:
            if last.get(value, -1) <= place:
                tensors.pop(value, None)
    return tensors[output]


def _require_finite(operation: Any, tensor: Any, names: Mapping[int, str]) -> None:
    # A finite sum has finite terms, and takes no memory.
    if not tensor.dtype.is_floating or np.isfinite(float(tf.reduce_sum(tensor))):
        return
    values = tf.cast(tensor, tf.float32).numpy()
    is_layer = isinstance(operation, keras.Layer)
    # Functions such as a logarithm may output infinities that a later one is made to take.
    bad = ~np.isfinite(values) if is_layer else np.isnan(values)
    if not bad.any():
        return
    name = names.get(id(operation), operation.name)
    first = float(values[bad][0])
    raise ModelError(
        f"layer {name!r} is the first whose output is not finite: {bad.sum():,} of {bad.size:,} "
        f"values are NaN or infinite, the first {first}; train or export the model again, or "
        "check `preprocess`"
    )
