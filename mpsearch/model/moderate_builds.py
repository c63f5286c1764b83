"""Layers that do much as soon as they are built, held to bounds before they do."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from mpsearch.core.errors import ModelError
from mpsearch.model.backend import keras

_MOST_CONSTANTS: Final = 2**22  # elements of the means that a Normalization makes at once
_MOST_COPIES: Final = 4096  # of a layer that is written out once for every step


@contextmanager
def moderate_builds(text: str) -> Iterator[None]:
    """Let Keras refuse, within, to build layers that would take gigabytes or minutes.

    Args:
        text: What the user called the model.

    Raises:
        ModelError: From the layer's ``build``; names the layer and the number.
    """
    checks = {
        keras.layers.Normalization: _constants,
        keras.layers.RNN: _steps,
        keras.layers.TimeDistributed: _times,
        keras.layers.SpectralNormalization: _iterations,
    }
    with ExitStack() as stack:
        for kind, check in checks.items():
            stack.enter_context(_checked(kind, check, text))
        yield


@contextmanager
def _checked(kind: Any, check: Callable[[Any, Any], str], text: str) -> Iterator[None]:
    """Have *check* look at a layer and its input shape before it is built."""
    build = kind.build

    def checked(layer: Any, shape: Any, *more: Any, **settings: Any) -> None:
        excess = check(layer, shape)
        if excess:
            raise ModelError(
                f"model {text!r}: layer {layer.name!r} {excess}; give a network with fewer"
            )
        build(layer, shape, *more, **settings)

    kind.build = checked
    try:
        yield
    finally:
        kind.build = build


def _constants(layer: Any, shape: Any) -> str:
    rank = len(shape or ())
    kept = {axis % rank for axis in layer.axis} if rank else set()
    count = math.prod(shape[axis] or 1 for axis in kept)
    return _excess("normalizes by", count, "means", _MOST_CONSTANTS)


def _steps(layer: Any, shape: Any) -> str:
    return _excess("unrolls", (shape[1] or 1) if layer.unroll else 1, "steps", _MOST_COPIES)


def _times(_: Any, shape: Any) -> str:
    return _excess("calls another for each of", shape[1] or 1, "steps", _MOST_COPIES)


def _iterations(layer: Any, _: Any) -> str:
    return _excess("makes", layer.power_iterations, "iterations", _MOST_COPIES)


def _excess(does: str, count: int, what: str, most: int) -> str:
    return f"{does} {count:,} {what}, mpsearch takes up to {most:,}" if count > most else ""
