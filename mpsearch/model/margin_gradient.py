"""The derivative of an image's log-odds margin by every weight."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mpsearch.model.backend import tf
from mpsearch.model.compiled import run_steps, traced
from mpsearch.model.graph import INPUT
from mpsearch.model.scores import Scores, distribution
from mpsearch.model.step import Call
from mpsearch.model.strided_gradient import safe_strides
from mpsearch.model.weight_layers import LiveLayer
from mpsearch.values.arrays import Float32Array
from mpsearch.values.outer import OuterProduct


class MarginGradient:
    """One backward pass per image, through the whole network.

    Args:
        calls: The network's calls in order.
        live: The model's weight layers.
        output: The value that holds the class scores.
        image: Shape and type of one image, the first side being 1.
        scores: Kind of the model's output.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        live: Sequence[LiveLayer],
        output: int,
        image: Any,
        scores: Scores,
    ) -> None:
        self._calls = calls
        self._layers = [layer.keras_layer for layer in live]
        self._output = output
        self._image = image
        self._scores = scores
        self._variables = [v for layer in self._layers for v in layer.weights]
        self._dense = self._plain_dense()

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the arrays that :meth:`arrays` gives."""
        all_shapes: list[tuple[int, ...]] = []
        for index, layer in enumerate(self._layers):
            shapes = [tuple(v.shape) for v in layer.weights]
            all_shapes.extend([shapes[0][:1], shapes[1]] if index in self._dense else shapes)
        return tuple(all_shapes)

    def arrays(
        self, weights: Sequence[Any], image: Any, reference: int
    ) -> tuple[Float32Array, ...]:
        """The derivative by all tensors: what :meth:`assembled` takes.

        Args:
            weights: The tensors of all weight layers, at which it is taken.
            image: One image, as the network computes with it.
            reference: The class whose margin it is.
        """
        gradients, inputs = self._code(list(weights), image, tf.constant(reference))
        others = iter(gradient.numpy() for gradient in gradients)
        arrays: list[Float32Array] = []
        for index, layer in enumerate(self._layers):
            if index in self._dense:
                arrays.append(inputs[self._dense[index]].numpy().reshape(-1))
                arrays.append(next(others))
            else:
                arrays.extend(next(others) for _ in layer.weights)
        return tuple(arrays)

    def assembled(
        self, arrays: Sequence[Float32Array]
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """Per weight layer, the derivative by each of its tensors."""
        left = iter(arrays)
        derivatives: list[tuple[Float32Array | OuterProduct, ...]] = []
        for index, layer in enumerate(self._layers):
            own = tuple(next(left) for _ in layer.weights)
            derivatives.append((OuterProduct(*own), own[1]) if index in self._dense else own)
        return tuple(derivatives)

    @cached_property
    def _code(self) -> Any:
        """The compiled derivative; made when first asked for."""
        skipped = {id(self._layers[i].weights[0]) for i in self._dense}
        wanted = [i for i, v in enumerate(self._variables) if id(v) not in skipped]
        entering = [self._entering(index) for index in self._dense]

        def gradient(flat: list[Any], image: Any, reference: Any) -> tuple[list[Any], list[Any]]:
            tensors = {INPUT: image}
            watched = [flat[i] for i in wanted]
            options = {"unconnected_gradients": tf.UnconnectedGradients.ZERO}
            if tf.executing_eagerly():  # see ``traced``
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(watched)
                    margin = self._margin(flat, tensors, reference)
                derivatives = tape.gradient(margin, watched, **options)
            else:
                with safe_strides():
                    margin = self._margin(flat, tensors, reference)
                derivatives = tf.gradients(margin, watched, **options)
            return list(map(tf.convert_to_tensor, derivatives)), [
                tensors[value] for value in entering
            ]

        weights = [tf.TensorSpec(v.shape, v.dtype) for v in self._variables]
        operations = [call.operation for call in self._calls]
        signature = [weights, self._image, tf.TensorSpec([], tf.int32)]
        return traced(gradient, signature, operations) or gradient

    def _margin(self, flat: list[Any], tensors: dict[int, Any], reference: Any) -> Any:
        run_steps(self._calls, list(zip(self._variables, flat, strict=True)), tensors)
        return _margin(distribution(self._scores, tensors[self._output])[0], reference)

    def _plain_dense(self) -> dict[int, int]:
        """Dense layers used once, on vectors, with a bias: layer → position among them.

        For one image the derivative by such a bias is that by the layer's outputs.
        """
        plain = []
        for index, layer in enumerate(self._layers):
            calls = [c for c in self._calls if c.operation is layer]
            once = len(calls) == 1 and len(calls[0].inputs) == 1
            keras_own = type(layer).__module__.startswith("keras.")
            if (
                once
                and keras_own
                and type(layer).__name__ == "Dense"
                and len(layer.weights) == 2
                and layer.compute_dtype == "float32"
                and layer.input_spec.axes is not None
                and len(layer.output.shape) == 2
            ):
                plain.append(index)
        return {index: position for position, index in enumerate(plain)}

    def _entering(self, index: int) -> int:
        (call,) = [c for c in self._calls if c.operation is self._layers[index]]
        return int(call.inputs[0])


def _margin(probabilities: Any, reference: Any) -> Any:
    """``log p_c − log Σ_{j≠c} p_j``; the sum over the others stays exact where p_c rounds to 1."""
    tiny = tf.constant(np.finfo(np.float32).tiny)
    others = tf.one_hot(
        reference, tf.shape(probabilities)[0], on_value=0.0, off_value=1.0, dtype=tf.float32
    )
    rest = tf.reduce_sum(probabilities * others)
    return tf.math.log(tf.maximum(probabilities[reference], tiny)) - tf.math.log(
        tf.maximum(rest, tiny)
    )
