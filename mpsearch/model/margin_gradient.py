"""The derivative of an image's log-odds margin by every weight."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mpsearch.core.arrays import Float32Array
from mpsearch.core.outer import OuterProduct
from mpsearch.model.backend import tf
from mpsearch.model.compiled import run_steps, traced
from mpsearch.model.graph import INPUT, Cut
from mpsearch.model.weight_layers import LiveLayer


class MarginGradient:
    """One backward pass per image, through the whole network.

    Args:
        cuts: The network's pieces in order.
        live: Its weight layers.
        output: The value that holds the class scores.
        image: Shape and type of one image, the first side being 1.
        distribution: From class scores to class probabilities.
    """

    def __init__(
        self,
        cuts: Sequence[Cut],
        live: Sequence[LiveLayer],
        output: int,
        image: Any,
        distribution: Callable[[Any], Any],
    ) -> None:
        self._cuts = cuts
        self._layers = [one.keras_layer for one in live]
        self._output = output
        self._image = image
        self._distribution = distribution
        self._variables = [v for layer in self._layers for v in layer.weights]
        self._dense = self._plain_dense()

    def __call__(
        self, weights: Sequence[Sequence[Any]], image: Any, reference: int
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """Per weight layer, the derivative by each of its tensors.

        Args:
            weights: Per weight layer, the tensors at which it is taken.
            image: One image, as the network computes with it.
            reference: The class whose margin it is.
        """
        flat = [tensor for layer in weights for tensor in layer]
        gradients, inputs = self._code(flat, image, tf.constant(reference))
        arrays = iter(gradient.numpy() for gradient in gradients)
        found: list[tuple[Float32Array | OuterProduct, ...]] = []
        for index, layer in enumerate(self._layers):
            if index in self._dense:
                by_bias = next(arrays)
                entered = inputs[self._dense[index]].numpy().reshape(-1)
                found.append((OuterProduct(entered, by_bias), by_bias))
            else:
                found.append(tuple(next(arrays) for _ in layer.weights))
        return tuple(found)

    @cached_property
    def _code(self) -> Any:
        """The compiled derivative; made when first asked for."""
        skipped = {id(self._layers[i].weights[0]) for i in self._dense}
        wanted = [i for i, v in enumerate(self._variables) if id(v) not in skipped]
        entering = [self._entering(index) for index in self._dense]

        def gradient(flat: list[Any], image: Any, reference: Any) -> tuple[list[Any], list[Any]]:
            known = {INPUT: image}
            swapped = list(zip(self._variables, flat, strict=True))
            watched = [flat[i] for i in wanted]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(watched)
                for piece in self._cuts:
                    run_steps(piece.calls, swapped, known)
                margin = _margin(self._distribution(known[self._output])[0], reference)
            found: list[Any] = tape.gradient(
                margin, watched, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            # What only gathers rows has a derivative of those rows.
            found = [tf.convert_to_tensor(one) for one in found]
            return found, [known[value] for value in entering]

        weights = [tf.TensorSpec(v.shape, v.dtype) for v in self._variables]
        operations = [call.operation for piece in self._cuts for call in piece.calls]
        signature = [weights, self._image, tf.TensorSpec([], tf.int32)]
        return traced(gradient, signature, operations) or gradient

    def _plain_dense(self) -> dict[int, int]:
        """Dense layers used once, on vectors, with a bias: layer → position among them.

        For one image the derivative by such a bias is that by the layer's outputs.
        """
        plain = []
        for index, layer in enumerate(self._layers):
            calls = [c for cut in self._cuts for c in cut.calls if c.operation is layer]
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
        (call,) = [c for cut in self._cuts for c in cut.calls if c.operation is self._layers[index]]
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
