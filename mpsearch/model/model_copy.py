"""A copy of a model, for Keras' own forward passes under one set of weights after another."""

from collections.abc import Callable
from typing import Any

from mpsearch.memory.input_images import Inputs
from mpsearch.model.decoded_model import set_decoded
from mpsearch.model.load import load_keras_model
from mpsearch.model.plain_forward import collect_models, plain_forward
from mpsearch.model.source import ModelSource
from mpsearch.values.arrays import Float32Array


class ModelCopy:
    """A second model of a source: the live one is never changed.

    It is loaded at the first pass and kept for the next ones. Loading it, and Keras' tracing of
    its ``predict``, take longer than a pass of a few dozen images.

    Args:
        source: The trained model.
        size: Input size, as for :func:`~mpsearch.model.load.load_keras_model`.
    """

    def __init__(self, source: ModelSource, size: tuple[int, int] | None) -> None:
        self._source, self._size = source, size
        self._model: Any = None

    def scores(
        self, decoded: Callable[[int], tuple[Float32Array, ...]], inputs: Inputs
    ) -> Float32Array:
        """Class scores of Keras' own forward pass, shape (n, classes).

        Args:
            decoded: Function from the index of a weight layer to its decoded tensors.
            inputs: Preprocessed images, shape (n, h, w, c).
        """
        if self._model is None:
            self._model = load_keras_model(self._source, self._size)
        set_decoded(self._model, decoded)
        return plain_forward(self._model, inputs)

    def release(self) -> None:
        """Let go of the copy; it is loaded again when it is needed."""
        if self._model is not None:
            self._model = None
            collect_models()
