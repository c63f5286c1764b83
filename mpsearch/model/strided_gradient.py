"""Derivatives by kernels of one pixel that are moved by more than one pixel.

Where TensorFlow's oneDNN code for AVX-512 computes the derivative by such a kernel of fewer than 16
channels, it writes beyond its memory (``Conv2DBackpropFilter``; seen in TensorFlow 2.21), and the
process dies some time later. The convolution never reads the pixels it steps over, so the same
derivative is had from the pixels it does read, at stride 1. What else is computed stays as it is.
"""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from mpsearch.model.backend import tf

_CONVOLUTION: Final = "MPSearchConvolution"
_TRANSPOSED: Final = "MPSearchTransposedConvolution"


@contextlib.contextmanager
def safe_strides() -> Iterator[None]:
    """Have ``tf.gradients`` take our derivatives of the convolutions that are traced in the body.

    For code that is being compiled; ``tf.GradientTape`` does not know of it.
    """
    _register()
    graph = tf.compat.v1.get_default_graph()
    # Conv1D, and functions of keras.ops, become these two operations as well.
    own = {"Conv2D": _CONVOLUTION, "Conv2DBackpropInput": _TRANSPOSED}
    with graph.gradient_override_map(own):
        yield


@cache
def _register() -> None:
    tf.RegisterGradient(_CONVOLUTION)(_of_convolution)
    tf.RegisterGradient(_TRANSPOSED)(_of_transposed)


def _of_convolution(op: Any, by_output: Any) -> list[Any]:
    """Derivatives of ``Conv2D`` by its input and its kernel."""
    entered, kernel = op.inputs
    settings = _settings(op)
    by_input = tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(entered), filter=kernel, out_backprop=by_output, **settings
    )
    return [by_input, _by_kernel(entered, kernel, by_output, settings)]


def _of_transposed(op: Any, by_output: Any) -> list[Any]:
    """Derivatives of ``Conv2DBackpropInput``, which a transposed convolution is."""
    _, kernel, entered = op.inputs
    settings = _settings(op)
    by_input = tf.raw_ops.Conv2D(input=by_output, filter=kernel, **settings)
    return [None, _by_kernel(by_output, kernel, entered, settings), by_input]


def _settings(op: Any) -> dict[str, Any]:
    names = ("strides", "padding", "explicit_paddings", "data_format", "dilations")
    attributes = {name: op.get_attr(name) for name in names}
    return {name: v.decode() if isinstance(v, bytes) else v for name, v in attributes.items()}


def _by_kernel(entered: Any, kernel: Any, by_output: Any, settings: dict[str, Any]) -> Any:
    _, down, right, _ = settings["strides"]
    one_pixel = tuple(kernel.shape[:2]) == (1, 1)
    if (
        one_pixel
        and (down, right) != (1, 1)
        and settings["data_format"] == "NHWC"
        and settings["padding"] in {"SAME", "VALID"}  # neither pads for one pixel
    ):
        entered = entered[:, ::down, ::right]
        settings = {**settings, "strides": [1, 1, 1, 1]}
    return tf.raw_ops.Conv2DBackpropFilter(
        input=entered, filter_sizes=tf.shape(kernel), out_backprop=by_output, **settings
    )
