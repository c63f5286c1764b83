"""Which layers of a Keras model get a scheme, and where their tensors are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from mpsearch.model.backend import keras, tf
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import ModelError
from mpsearch.values.layer import WeightLayer, WeightTensor


@cache
def _kinds() -> tuple[Any, ...]:
    return tuple(
        getattr(keras.layers, name)
        for name in (
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv1DTranspose",
            "Conv2DTranspose",
            "Conv3DTranspose",
            "DepthwiseConv1D",
            "DepthwiseConv2D",
            "SeparableConv1D",
            "SeparableConv2D",
            "Dense",
            "EinsumDense",
            "Embedding",
            "SimpleRNNCell",
            "LSTMCell",
            "GRUCell",
        )
    )


# What Keras' own recurrent layers hold is in one cell, which goes by the layer's name and class.
@cache
def _recurrent() -> tuple[Any, ...]:
    return tuple(
        getattr(keras.layers, name)
        for name in ("SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
    )


@cache
def _transposes() -> tuple[Any, ...]:
    return (
        keras.layers.Conv1DTranspose,
        keras.layers.Conv2DTranspose,
        keras.layers.Conv3DTranspose,
    )


@cache
def _depthwise() -> tuple[Any, ...]:
    return (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)


@dataclass(frozen=True, slots=True, eq=False)
class LiveLayer:
    """A weight layer and the Keras layer behind it.

    Attributes:
        layer: The layer's description, as the rest of the program sees it.
        keras_layer: The live layer that owns the tensors, the cell of a recurrent one; read, never
            changed.
    """

    layer: WeightLayer
    keras_layer: Any

    def weights(self) -> tuple[Float32Array, ...]:
        """The tensors as read-only arrays, in the order of ``layer.tensors``; nothing is copied."""
        return tuple(array_view(tf.convert_to_tensor(v)) for v in self.keras_layer.weights)


def array_view(tensor: Any) -> Float32Array:
    """The numbers of a TensorFlow tensor as a read-only array; nothing is copied."""
    return np.asarray(memoryview(tensor)).reshape(tuple(tensor.shape))


def weight_layers(model: Any) -> tuple[LiveLayer, ...]:
    """The weight layers of *model* in the order the model lists them.

    Layers of nested models are named ``outer/inner``. A layer used twice is listed once.

    Raises:
        ModelError: If there is none, if a tensor is not float32, or a weight is not finite.
    """
    layers: list[LiveLayer] = []
    for name, kind, layer in _quantizable(model):
        _require_float32(name, layer)
        tensors = tuple(
            _tensor(layer, variable.name.split("/")[-1], tuple(variable.shape))
            for variable in layer.weights
        )
        layers.append(LiveLayer(WeightLayer(len(layers), name, kind, tensors), layer))
    if not layers:
        raise ModelError(
            f"model {model.name!r} has no layer whose weights get a scheme (convolution, dense, "
            "recurrent, attention, embedding): nothing to quantize"
        )
    for live in layers:
        for tensor, weights in zip(live.layer.tensors, live.weights(), strict=True):
            require_finite(f"layer {live.layer.name!r} {tensor.name}", "weights", weights)
    return tuple(layers)


def weight_variables(model: Any) -> list[Any]:
    """The Keras variables of all weight layers; their values are not looked at."""
    return [variable for _, _, layer in _quantizable(model) for variable in layer.weights]


def require_stateless(model: Any) -> None:
    """Refuse a model whose answer to an image depends on the images before it.

    Raises:
        ModelError: Names the layer that remembers.
    """
    for name, layer in all_layers(model):
        if getattr(layer, "stateful", False):
            raise ModelError(
                f"layer {name!r} is stateful: its answer to an image depends on the images before "
                "it; build the model with stateful=False, load the weights, and save it again"
            )


def all_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Every layer inside *model* once, with its unique name; a layer comes before those in it."""
    yield from _walk(model, "")


def _tensor(layer: Any, name: str, shape: tuple[int, ...]) -> WeightTensor:
    if len(shape) < 2:
        return WeightTensor(name, shape)
    if name == "bias":  # of heads, or of a GRU's inputs and states
        return WeightTensor(name, shape, ())
    if isinstance(layer, keras.layers.EinsumDense):
        return WeightTensor(name, shape, _einsum_channels(layer.equation, len(shape)))
    if isinstance(layer, _transposes()):  # (…, output, input)
        return WeightTensor(name, shape, (-2,))
    if isinstance(layer, _depthwise()) or name == "depthwise_kernel":  # (…, input, multiplier)
        return WeightTensor(name, shape, (-2, -1))
    return WeightTensor(name, shape)


def _einsum_channels(equation: str, rank: int) -> tuple[int, ...]:
    """Axes of the kernel that outputs have as well; the others are summed over."""
    kernel, output = equation.replace(" ", "").split(",")[1].split("->")
    axes = tuple(i - rank for i, letter in enumerate(kernel) if letter in output)
    return axes or (-1,)


def _quantizable(model: Any) -> Iterator[tuple[str, str, Any]]:
    """Name, class and Keras layer of each."""
    cells: dict[int, tuple[str, str]] = {}
    for name, layer in _walk(model, ""):
        kind = type(layer).__name__
        if isinstance(layer, _recurrent()):
            cells[id(layer.cell)] = name, kind
        elif id(layer) in cells:
            yield *cells[id(layer)], layer
        elif isinstance(layer, _kinds()) and layer.weights:
            yield name, kind, layer


def _walk(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    names: set[str] = set()
    for name, layer in _children(model, prefix):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        unique, number = name, 2
        while unique in names:  # only layers inside wrappers can share a name
            unique = f"{name}_{number}"
            number += 1
        names.add(unique)
        yield unique, layer


def _children(layer: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Depth first, each layer before those inside it."""
    # _layers is Keras' own list of sublayers; the public ``layers`` exists on models only.
    inside = layer.layers if isinstance(layer, keras.Model) else getattr(layer, "_layers", [])
    for child in inside:
        name = f"{prefix}{child.name}"
        yield name, child
        yield from _children(child, f"{name}/")


def _require_float32(name: str, layer: Any) -> None:
    for variable in layer.weights:
        if variable.dtype != "float32":
            raise ModelError(
                f"layer {name!r} stores {variable.dtype} weights; mpsearch starts from float32: "
                "save the model before it was quantized or cast"
            )


def require_finite(owner: str, what: str, values: npt.NDArray[np.floating[Any]]) -> None:
    """Refuse an array that holds what nothing can be computed with.

    Args:
        owner: Owner of the values, such as ``parameter 'bn/gamma'``.
        what: Name of the values, such as ``weights``.
        values: The array.

    Raises:
        ModelError: Says how many are NaN or infinite, and where the first is.
    """
    bad = ~np.isfinite(values)
    if bad.any():
        first = tuple(map(int, np.argwhere(bad)[0]))
        raise ModelError(
            f"{owner} holds {bad.sum()} NaN or infinite {what}, the first {values[first]} at "
            f"{list(first)}; train or export the model again"
        )
