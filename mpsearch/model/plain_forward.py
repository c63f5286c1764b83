"""Keras' own forward pass."""

import gc
import math
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from mpsearch.memory.freed_memory import give_back_freed_memory
from mpsearch.memory.input_images import Inputs
from mpsearch.model.scopes import compile_safely
from mpsearch.values.arrays import Float32Array

_BATCH: Final = 32  # of the plain forward pass; results depend on it in the last digits
_PIECE: Final = 16 * 2**20  # bytes of images handed to Keras at once, which copies them


def plain_forward(model: Any, inputs: Inputs) -> Float32Array:
    """Class scores of Keras' own forward pass, shape (n, classes)."""
    step = _BATCH
    if compile_safely([model]):
        # Whole batches, so that the batches are those of all images at once.
        step *= max(1, _PIECE // (_BATCH * 4 * math.prod(inputs.shape[1:])))

        def scores(piece: Float32Array) -> Float32Array:
            answers: Float32Array = model.predict(piece, batch_size=_BATCH, verbose=0)
            return answers
    else:

        def scores(piece: Float32Array) -> Float32Array:
            return np.asarray(model(piece, training=False))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' advice to the author of the model
        return np.concatenate([scores(inputs[i : i + step]) for i in range(0, len(inputs), step)])


def plain_forward_once(make: Callable[[], Any], inputs: Inputs) -> Float32Array:
    """:func:`plain_forward` of a model that is made for it, and let go of at once."""
    try:
        return plain_forward(make(), inputs)
    finally:
        collect_models()


def collect_models() -> None:
    """Free the models that were let go of.

    Keras models refer to themselves in circles: without asking, Python keeps several.
    """
    gc.collect()
    give_back_freed_memory()
