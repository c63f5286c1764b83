"""Layers that do much as soon as they are built, held to bounds before they do."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from mpsearch.model.backend import keras
from mpsearch.values.errors import ModelError

_MOST_CONSTANTS: Final = 2**22  # means that Normalization layers make at once, all together
_MOST_AXES: Final = 32  # of a value; TensorFlow ends the process at 255
_MOST_COPIES: Final = 2**13  # of layers that are written out once for every step, all together


@contextmanager
def moderate_builds(text: str) -> Iterator[None]:
    """Let Keras refuse, within, to build layers that would take gigabytes or minutes.

    Args:
        text: The user's name of the model, for messages.

    Raises:
        ModelError: From the layer's ``build``; names the layer and the number.
    """
    totals = _Totals(text)
    checks = {
        keras.layers.Normalization: totals.normalization,
        keras.layers.RNN: totals.recurrent,
        keras.layers.TimeDistributed: totals.distributed,
        keras.layers.SpectralNormalization: totals.spectral,
    }
    with ExitStack() as stack:
        for kind, check in checks.items():
            stack.enter_context(_checked(kind, check))
        stack.enter_context(_few_axes())
        yield


@contextmanager
def _few_axes() -> Iterator[None]:
    """Refuse any value of so many axes that TensorFlow would end the process, not raise."""
    tensor: Any = keras.KerasTensor
    begin = tensor.__init__

    def checked(self: Any, shape: Any, *more: Any, **settings: Any) -> None:
        begin(self, shape, *more, **settings)
        if len(self.shape) > _MOST_AXES:
            # No error of ours: Keras adds lines to it, which loading takes off.
            raise ValueError(
                f"it puts out a value of {len(self.shape)} axes, and up to {_MOST_AXES} are taken"
            )

    tensor.__init__ = checked
    try:
        yield
    finally:
        tensor.__init__ = begin


Check = Callable[[Any, Any, Callable[[], None]], None]


@contextmanager
def _checked(kind: Any, check: Check) -> Iterator[None]:
    """Give *check* each layer, its input shape and what builds it."""
    build = kind.build

    def checked(layer: Any, shape: Any, *more: Any, **settings: Any) -> None:
        check(layer, shape, lambda: build(layer, shape, *more, **settings))

    kind.build = checked
    try:
        yield
    finally:
        kind.build = build


class _Totals:
    """Counts what the layers of one model make.

    Args:
        text: The user's name of the model, for messages.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._constants = self._copies = 0
        self._outer = 1  # copies of the layers that the present one is within

    def normalization(self, layer: Any, shape: Any, build: Callable[[], None]) -> None:
        rank = len(shape or ())
        kept = {axis % rank for axis in layer.axis} if rank else set()
        self._constants += math.prod(shape[axis] or 1 for axis in kept)
        self._require(layer, self._constants, "means of normalizations", _MOST_CONSTANTS)
        build()

    def recurrent(self, layer: Any, shape: Any, build: Callable[[], None]) -> None:
        self._copy(layer, shape[1] or 1 if layer.unroll else 1, build)

    def distributed(self, layer: Any, shape: Any, build: Callable[[], None]) -> None:
        self._copy(layer, shape[1] or 1, build)

    def spectral(self, layer: Any, _: Any, build: Callable[[], None]) -> None:
        self._copy(layer, layer.power_iterations, build)

    def _copy(self, layer: Any, times: int, build: Callable[[], None]) -> None:
        before = self._outer
        self._outer *= times
        self._copies += self._outer
        self._require(layer, self._copies, "steps written out one by one", _MOST_COPIES)
        build()
        self._outer = before

    def _require(self, layer: Any, count: int, what: str, most: int) -> None:
        if count > most:
            raise ModelError(
                f"model {self._text!r}: layer {layer.name!r}: up to it, the network has {count:,} "
                f"{what}; mpsearch takes networks of up to {most:,}"
            )
