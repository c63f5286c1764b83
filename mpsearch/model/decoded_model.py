"""A Keras model that holds decoded weights."""

from collections.abc import Callable
from typing import Any

from mpsearch.model.load import load_keras_model
from mpsearch.model.source import ModelSource
from mpsearch.model.weight_layers import weight_layers
from mpsearch.values.arrays import Float32Array


def decoded_model(
    source: ModelSource,
    size: tuple[int, int] | None,
    decoded: Callable[[int], tuple[Float32Array, ...]],
) -> Any:
    """A fresh copy of a model with other weights in its weight layers.

    Args:
        source: The trained model, loaded again: no live model is changed.
        size: Input size, as for :func:`~mpsearch.model.load.load_keras_model`.
        decoded: Function from the index of a weight layer to its decoded tensors.
    """
    model = load_keras_model(source, size)
    set_decoded(model, decoded)
    return model


def set_decoded(model: Any, decoded: Callable[[int], tuple[Float32Array, ...]]) -> None:
    """Give the weight layers of a copy other weights.

    Args:
        model: A model that is not the live one.
        decoded: Function from the index of a weight layer to its decoded tensors.
    """
    for live in weight_layers(model):
        live.keras_layer.set_weights(list(decoded(live.layer.index)))
