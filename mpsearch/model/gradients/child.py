"""The process that computes derivatives: reads a network once, then answers image by image."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from mpsearch.memory.aligned import aligned_empty
from mpsearch.model.backend import tf
from mpsearch.model.gradients import wire
from mpsearch.model.gradients.wire import Wire, WireError
from mpsearch.model.graph import flatten
from mpsearch.model.load import load_keras_model
from mpsearch.model.margin_gradient import MarginGradient
from mpsearch.model.scopes import name_for_scopes
from mpsearch.model.scores import Scores
from mpsearch.model.source import ModelSource
from mpsearch.model.step import Tensor
from mpsearch.model.weight_layers import weight_layers

_LONGEST_REASON = 1000


def serve(end: socket.socket) -> None:
    """Answer until the other end is closed."""
    line = Wire(end)
    try:
        try:
            served = _Served.load(line)
        except WireError:
            raise
        except Exception as error:  # noqa: BLE001 - Keras raises whatever its layers raise
            _fail(line, error)
            return
        line.send(wire.READY)
        while True:
            served.answer()
    except WireError:
        return


class _Served:
    """A network and the weights at which its derivatives are taken.

    Args:
        line: To who asks.
        gradient: The derivative.
        image: Shape and type of one image.
        trained: The trained tensors of all weight layers.
    """

    def __init__(
        self, line: Wire, gradient: MarginGradient, image: Any, trained: Sequence[Tensor]
    ) -> None:
        self._line, self._gradient, self._image = line, gradient, image
        self._trained, self._weights = trained, list(trained)

    @classmethod
    def load(cls, line: Wire) -> Self:
        """Load the network that is ordered first of all."""
        kind, length = line.receive()
        if kind != wire.ORDER:
            raise WireError
        order = line.read_json(length)
        for set_threads, count in (
            (tf.config.threading.set_intra_op_parallelism_threads, order["intra"]),
            (tf.config.threading.set_inter_op_parallelism_threads, order["inter"]),
        ):
            set_threads(count)
        model = load_keras_model(
            _source(order["source"]), None if not order["size"] else tuple(order["size"])
        )
        calls, output = flatten(model)
        for call in calls:  # this copy of the model is ours alone
            name_for_scopes(call.operation)
        entry = model.inputs[0]
        live = weight_layers(model)
        image = tf.TensorSpec((1, *(int(side) for side in entry.shape[1:])), entry.dtype)
        gradient = MarginGradient(calls, live, output, image, Scores(order["scores"]))
        variables = [v for layer in live for v in layer.keras_layer.weights]
        return cls(line, gradient, image, [tf.convert_to_tensor(v) for v in variables])

    def answer(self) -> None:
        """Take the next frame."""
        kind, length = self._line.receive()
        if kind == wire.TENSOR:
            self._take(self._line.read_number(), length - 4)
        elif kind == wire.IMAGE:
            self._answer_image(self._line.read_number(), length - 4)
        else:
            raise WireError

    def _take(self, index: int, nbytes: int) -> None:
        if not 0 <= index < len(self._trained):
            raise WireError
        if nbytes == 0:
            self._weights[index] = self._trained[index]
        else:
            self._weights[index] = self._tensor(tuple(self._trained[index].shape), nbytes)

    def _answer_image(self, reference: int, nbytes: int) -> None:
        image = tf.cast(self._tensor(tuple(self._image.shape), nbytes), self._image.dtype)
        try:
            derivatives = self._gradient.arrays(self._weights, image, reference)
        except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises
            _fail(self._line, error)
            return
        arrays = [np.ascontiguousarray(array, dtype=np.float32) for array in derivatives]
        self._line.send(wire.GRADIENT, *(array.reshape(-1) for array in arrays))

    def _tensor(self, shape: tuple[int, ...], nbytes: int) -> Any:
        array = aligned_empty(shape)
        if array.nbytes != nbytes:
            raise WireError
        self._line.read_arrays([array])
        return tf.constant(array)


def _source(fields: dict[str, Any]) -> ModelSource:
    lists = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    path = fields["path"]
    return ModelSource(**{**fields, **lists, "path": None if path is None else Path(path)})


def _fail(line: Wire, error: Exception) -> None:
    text = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:_LONGEST_REASON]
    line.send(wire.FAILED, text.encode("utf-8", "replace"))
