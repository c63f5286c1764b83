"""Masks that Keras hangs on tensors, made values of the graph.

``Masking`` and ``Embedding(mask_zero=True)`` say which steps of a sequence count, and later layers
read that off the tensors they get. What crosses from one stage to another keeps its numbers alone,
so a mask becomes a value that is handed on beside the tensor it belongs to.
"""

from dataclasses import replace
from typing import Any

from mpsearch.model.backend import keras
from mpsearch.model.graph import INPUT
from mpsearch.model.step import Call, get_mask


def with_masks(calls: list[Call], image: Any) -> list[Call]:
    """*calls* with the masks that they read and make.

    Which ones these are does not depend on the image, but on what ran before: attention takes the
    masks off its inputs, so that layers after it see none there. One image is run to find out, if
    there is a layer that makes masks.

    Args:
        calls: Calls of the model, from :func:`~mpsearch.model.graph.flatten`.
        image: One image, as the network computes with it, shape (1, …).
    """
    if not any(_makes_masks(call.operation) for call in calls):
        return calls
    number = iter(range(1 + max(value for call in calls for value in call.outputs), 1 << 31))
    tensors = {INPUT: image}
    mask_of: dict[int, int] = {}
    masked_calls = []
    for call in calls:
        entering = {
            value: None if get_mask(tensors[value]) is None else mask_of[value]
            for value in call.inputs
            if value in mask_of
        }
        call.run(tensors)
        masked = tuple(
            place for place, v in enumerate(call.outputs) if get_mask(tensors[v]) is not None
        )
        made = {call.outputs[place]: next(number) for place in masked}
        mask_of.update(made)
        masks = tuple(mask for mask in entering.values() if mask is not None)
        masked_calls.append(
            replace(
                call,
                inputs=tuple(dict.fromkeys([*call.inputs, *masks])),
                outputs=(*call.outputs, *made.values()),
                entering=entering,
                masked=masked,
            )
        )
    return masked_calls


def _makes_masks(operation: Any) -> bool:
    if not isinstance(operation, keras.Layer):
        return False
    return any(
        isinstance(layer, keras.layers.Masking) or getattr(layer, "mask_zero", False)
        for layer in operation._flatten_layers(include_self=True, recursive=True)
    )
