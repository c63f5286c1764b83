"""What one call of a layer takes for one image, known without computing it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from mpsearch.model.backend import keras, tf
from mpsearch.model.graph_work import SLOW, Work, graph_work, nbytes_of
from mpsearch.model.scopes import compile_safely
from mpsearch.model.step import Call

_MOST_UNSEEN: Final = 2**14  # elements read by a layer of which only the outputs are known


@cache
def _layers(text: str) -> tuple[Any, ...]:
    return tuple(getattr(keras.layers, name) for name in text.split())


# What these compute on the way is no larger than their inputs and outputs, and the shapes that they
# say are those they make. (A list for a factor makes others.)
_PLAIN: Final = """
    Activation Add Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D
    Dropout Flatten GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D Identity LayerNormalization
    LeakyReLU MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Multiply PReLU Permute
    ReLU Reshape SpatialDropout1D SpatialDropout2D SpatialDropout3D Subtract ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
    """
_DEPTHWISE: Final = "DepthwiseConv1D DepthwiseConv2D"
_TRANSPOSES: Final = "Conv1DTranspose Conv2DTranspose Conv3DTranspose"


@dataclass(frozen=True, slots=True)
class CallWork:
    """What a call takes, and what it makes.

    Attributes:
        work: Work of the call alone.
        outputs: Symbolic tensors for one image.
    """

    work: Work
    outputs: tuple[Any, ...]


def work_of(call: Call, tensors: dict[int, Any]) -> CallWork:
    """Work out what one call takes.

    Args:
        call: Call of the layer, from :func:`~mpsearch.model.graph.flatten`.
        tensors: Value number → symbolic tensor for one image.

    Raises:
        Exception: Whatever the layer raises where it cannot be called.
    """
    specs = {tensor: tensors[value] for tensor, value in call.values.items()}
    inputs = [tensors[value] for value in call.inputs]
    args, kwargs = call.arguments.fill_in(specs)
    kwargs.pop("training", None)  # says nothing of shapes, and not every layer takes it here
    if _is_plain(call.operation):
        outputs = _flat(call.operation.compute_output_spec(*args, **kwargs))
        if all(None not in tensor.shape for tensor in outputs):
            return CallWork(_plain_work(call.operation, inputs, outputs), outputs)
    if not compile_safely([call.operation]):
        outputs = _flat(call.operation.compute_output_spec(*args, **kwargs))
        return CallWork(_guessed(inputs, outputs), outputs)
    return _with_padding(_traced(call, inputs), call.operation, inputs)


def _is_plain(operation: Any) -> bool:
    """Whether a layer is known; dilation is computed in several ways, some of which pad."""
    dilation = getattr(operation, "dilation_rate", 1)
    return type(operation) in _layers(_PLAIN) and set(_flat(dilation)) == {1}


def _plain_work(operation: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> Work:
    made = sum(math.prod(tensor.shape) for tensor in outputs)
    kernel: Any = getattr(operation, "kernel", None)
    if isinstance(operation, _layers(_TRANSPOSES)):
        count = math.prod(inputs[0].shape) * math.prod(kernel.shape[:-1])
    elif isinstance(operation, _layers(_DEPTHWISE)):
        count = SLOW * made * math.prod(kernel.shape[:-2])
    elif kernel is not None:
        count = made * math.prod(kernel.shape[:-1])
    else:
        read = sum(math.prod(tensor.shape) for tensor in inputs)
        window = math.prod(_flat(getattr(operation, "pool_size", 1)))
        count = read + (1 if window == 1 else SLOW) * made * min(window, read)
    return Work(nbytes_of(outputs), int(count), 0)


def _guessed(inputs: Sequence[Any], outputs: Sequence[Any]) -> Work:
    """Work of a layer with a name that TensorFlow cannot compile: small ones are taken."""
    read = sum(math.prod(side or 1 for side in tensor.shape) for tensor in inputs)
    if read > _MOST_UNSEEN:
        raise ValueError(
            f"what it computes of {read:,} numbers is only known for layers whose names have ASCII "
            "letters, digits, '_', '.' and '-' alone"
        )
    return Work(nbytes_of(outputs) + 4 * read**2, read**2, 0)


def _traced(call: Call, inputs: Sequence[Any]) -> CallWork:
    """Work of any layer: TensorFlow's graph of it is looked through."""
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in inputs]

    def function(*tensors: Any) -> tuple[Any, ...]:
        values = dict(zip(call.inputs, tensors, strict=True))
        call.run(values)
        return tuple(values[number] for number in call.outputs)

    code = tf.function(function, autograph=False, input_signature=specs).get_concrete_function()
    outputs = tuple(keras.KerasTensor(output.shape, output.dtype.name) for output in code.outputs)
    # A loop runs over the second axis: the first is that of images.
    trips = max((tensor.shape[1] or 1 for tensor in inputs if len(tensor.shape) > 1), default=1)
    return CallWork(graph_work(code.graph, trips), outputs)


def _with_padding(traced: CallWork, operation: Any, inputs: Sequence[Any]) -> CallWork:
    """With what is padded before it is resized: TensorFlow's graph does not say how much."""
    inner = getattr(operation, "_flatten_layers", None)
    padding = [
        layer
        for layer in (inner() if inner is not None else [operation])
        if getattr(layer, "pad_to_aspect_ratio", False)
    ]
    nbytes = sum(_padded_nbytes(layer, tensor) for layer in padding for tensor in inputs)
    work = traced.work
    return replace(traced, work=Work(work.nbytes + nbytes, work.multiplications, work.steps))


def _padded_nbytes(operation: Any, image: Any) -> int:
    sides = image.shape[-2:] if operation.data_format == "channels_first" else image.shape[-3:-1]
    height, width = (side or 1 for side in sides)
    size = getattr(operation, "size", None)
    to_height, to_width = size or (operation.height, operation.width)
    area = max(height, width * to_height // to_width) * max(width, height * to_width // to_height)
    return nbytes_of([image]) // (height * width) * int(area)


def _flat(value: Any) -> tuple[Any, ...]:
    return tuple(keras.tree.flatten(value))
