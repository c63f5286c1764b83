"""A Keras model as the engine sees it: stages of compiled code that take weights as arguments."""

import warnings
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mpsearch.memory.input_images import Inputs
from mpsearch.memory.moments import InputMoments
from mpsearch.model import own_scaling
from mpsearch.model.backend import tf
from mpsearch.model.gradients.remote import RemoteGradients
from mpsearch.model.graph import cut, flatten, join_merges
from mpsearch.model.input_moments import MomentSums, moment_groups, moment_shapes
from mpsearch.model.margin_gradient import MarginGradient
from mpsearch.model.masks import with_masks
from mpsearch.model.other_parameters import require_sound_parameters
from mpsearch.model.plain_pass import plain_scores
from mpsearch.model.scores import distribution, scores_of
from mpsearch.model.source import ModelSource
from mpsearch.model.split_concat import is_split_concat
from mpsearch.model.stages import compile_stages
from mpsearch.model.step import Call
from mpsearch.model.tensors import joined, shared, taken
from mpsearch.model.weight_layers import (
    all_layers,
    array_view,
    require_stateless,
    weight_layers,
)
from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer
from mpsearch.values.outer import OuterProduct
from mpsearch.values.stage import Stage


class KerasNetwork:
    """Implements ``mpsearch.engine.protocol.Network``.

    Weights reach the compiled stages as arguments; the model's own variables are only read.

    Args:
        model: Keras model, from :func:`~mpsearch.model.load.load_keras_model`.
        from_logits: The output are logits, whatever the last layer looks like.
        source: The file that *model* is of, and the size it was loaded with; derivatives are then
            taken in a process of their own. None for a model that is only here.

    Raises:
        ModelError: If the model has nothing to quantize or is not a classifier.
    """

    def __init__(
        self,
        model: Any,
        from_logits: bool = False,
        source: tuple[ModelSource, tuple[int, int] | None] | None = None,
    ) -> None:
        self._source = source
        self._live = weight_layers(model)
        require_stateless(model)
        require_sound_parameters(model)
        calls, self._output = flatten(model)
        self._trained = tuple(
            tuple(tf.convert_to_tensor(v) for v in live.keras_layer.weights) for live in self._live
        )
        self._arrays = tuple(tuple(map(array_view, tensors)) for tensors in self._trained)
        self._input_dtype = model.inputs[0].dtype
        self._shape = tuple(int(side) for side in model.inputs[0].shape[1:])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' advice to the author of the model
            calls = with_masks(calls, self._gray())
            self._cuts = join_merges(cut(calls, self._output, self._owners()), is_split_concat)
            self._functions, self._stages, scores = compile_stages(
                self._cuts,
                [live.keras_layer.weights for live in self._live],
                self._trained,
                self._gray(),
                self._output,
            )
        self._calls, self._names = calls, {id(layer): name for name, layer in all_layers(model)}
        answer = tf.cast(scores, tf.float32).numpy()
        self._scores = scores_of([call.operation for call in calls], answer, from_logits)

    @cached_property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""
        return tuple(live.layer for live in self._live)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages; each comes after those it reads from."""
        return self._stages

    @property
    def output(self) -> int:
        """The value that holds the class scores."""
        return self._output

    def weights(self, layer: int) -> tuple[Float32Array, ...]:
        """The trained tensors of a weight layer as read-only arrays."""
        return self._arrays[layer]

    def trained(self, layer: int) -> Any:
        """The trained tensors of a weight layer."""
        return self._trained[layer]

    def load(self, tensors: tuple[Float32Array, ...]) -> Any:
        """Decoded tensors as TensorFlow keeps them: the same memory where it is aligned."""
        return tuple(map(shared, tensors))

    def enter(self, inputs: Float32Array) -> Any:
        """Input images as TensorFlow keeps them."""
        return tf.cast(tf.constant(inputs), self._input_dtype)

    def run(self, stage: int, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Evaluate one stage."""
        flat = [tensor for layer in weights for tensor in layer]
        return self._functions[stage](flat, inputs)

    def spreads(self, stage: int) -> bool:
        """Whether an input of :meth:`run` may have the images of one node for all of them."""
        return self._functions[stage].spreads

    def most_stacked(self, stage: int, shared: bool) -> int:
        """Images per weight set up to which :meth:`run_stacked` is faster."""
        return self._functions[stage].most_stacked(shared)

    def run_stacked(
        self, stage: int, sets: Sequence[Sequence[Any]], inputs: Sequence[Any], shared: bool
    ) -> tuple[Any, ...]:
        """Evaluate one stage with several sets of weights."""
        flat = [[tensor for layer in weights for tensor in layer] for weights in sets]
        return self._functions[stage].stacked(flat, inputs, shared)

    def take(self, batch: Any, start: int, stop: int) -> Any:
        """Images *start* to *stop*."""
        return taken(batch, start, stop)

    def join(self, batches: Sequence[Any]) -> Any:
        """All images of *batches*."""
        return joined(batches)

    def probabilities(self, scores: Any) -> Float32Array:
        """Class probabilities in float32."""
        result: Float32Array = distribution(self._scores, scores).numpy()
        return result

    @property
    def is_coarse(self) -> bool:
        """Whether a layer computes with less than float32."""
        kinds = {getattr(call.operation, "compute_dtype", "float32") for call in self._calls}
        return bool(kinds & {"float16", "bfloat16"})

    def plain_probabilities(self, inputs: Float32Array) -> Float32Array:
        """Class probabilities by Keras' layers, one at a time, shape (n, classes).

        Raises:
            ModelError: Names the first layer whose output is not finite.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            entered = self.enter(inputs)
            scores = plain_scores(self._calls, self._output, entered, self._names)
        return self.probabilities(scores)

    def own_scaling(self, inputs: Float32Array) -> tuple[tuple[str, ...], Float32Array]:
        """What the network does to its inputs before anything else, if that is to scale them.

        Returns:
            Kinds of the scaling layers, none if there is none; what they make of *inputs*.
        """
        made: Float32Array = tf.cast(
            own_scaling.run(self._own_scaling, self.enter(inputs)), tf.float32
        ).numpy()
        return self.own_scaling_layers, made

    @property
    def own_scaling_layers(self) -> tuple[str, ...]:
        """Kinds of the layers and functions that scale its inputs before anything else."""
        kinds = [
            type(call.operation).__name__
            for call in self._own_scaling
            if own_scaling.is_scaling(call)
        ]
        return tuple(dict.fromkeys(kinds))

    @cached_property
    def _own_scaling(self) -> list[Call]:
        return own_scaling.own_scaling(self._calls)

    def margin_gradients(
        self, image: Float32Array, reference: int, weights: Sequence[Any] | None = None
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """Derivative of the log-odds margin by every tensor of every weight layer.

        Taken in a process of its own where the model is a file.

        Raises:
            GradientsLost: If that process dies whenever it is asked, or cannot load the model.
        """
        at = self._trained if weights is None else weights
        flat = [tensor for layer in at for tensor in layer]
        if self._remote is not None:
            return self._remote(flat, image, reference)
        arrays = self._gradient.arrays(flat, self.enter(image), reference)
        return self._gradient.assembled(arrays)

    def prepare_gradients(self) -> None:
        """Say that :meth:`margin_gradients` will be asked soon."""
        if self._remote is not None:
            self._remote.prepare()

    def end_gradients(self) -> None:
        """End the process that takes derivatives; it is started anew when it is needed."""
        if self._remote is not None:
            self._remote.close()

    @property
    def gradient_deaths(self) -> tuple[str, ...]:
        """How the processes ended that were taking derivatives."""
        return () if self._remote is None else self._remote.deaths

    @cached_property
    def moment_shapes(self) -> dict[int, tuple[int, int]]:
        """Layer index → blocks, and weights of an output, where moments can be taken."""
        return moment_shapes(self._cuts, self._live)

    def moment_groups(self, memory: int, layers: Collection[int]) -> list[list[int]]:
        """Some of those layers, in groups whose sums fit in *memory* bytes together."""
        shapes = {index: self.moment_shapes[index] for index in layers}
        return moment_groups(shapes, memory)

    def moment_sums(self, images: int, layers: Collection[int]) -> MomentSums:
        """Sums of what some layers see in so many images, none of which is added yet."""
        return MomentSums(self._cuts, self._live, images, layers)

    def input_moments(
        self,
        images: Inputs,
        on_image: Callable[[], None] = lambda: None,
        layers: Collection[int] | None = None,
    ) -> dict[int, InputMoments]:
        """Input moments under the trained weights, by index, of layers whose inputs can be seen.

        Args:
            images: Two or more images, shape (n, h, w, c).
            on_image: Called after each.
            layers: Indices of the layers asked for; all where it is None.
        """
        wanted = range(len(self._live)) if layers is None else layers
        sums = self.moment_sums(len(images), wanted)
        for i in range(len(images)):
            sums.add(self.enter(images[i : i + 1]))
            on_image()
        return dict(sums.moments())

    def _owners(self) -> dict[int, int]:
        return {id(v): live.layer.index for live in self._live for v in live.keras_layer.weights}

    def _gray(self) -> Any:
        return self.enter(np.full((1, *self._shape), 0.5, dtype=np.float32))

    @cached_property
    def _gradient(self) -> MarginGradient:
        image = tf.TensorSpec([1, *self._shape], self._input_dtype)
        calls = [call for piece in self._cuts for call in piece.calls]
        return MarginGradient(calls, self._live, self._output, image, self._scores)

    @cached_property
    def _remote(self) -> RemoteGradients | None:
        if self._source is None:
            return None
        flat = [tensor for layer in self._trained for tensor in layer]
        source, size = self._source
        return RemoteGradients(source, size, self._scores, self._gradient, flat)
