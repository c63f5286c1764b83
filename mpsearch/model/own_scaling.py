"""Scaling of pixels by the network itself, before its first layer with weights."""

from collections.abc import Sequence
from typing import Any, Final

from mpsearch.model.backend import keras
from mpsearch.model.graph import INPUT
from mpsearch.model.step import Call

_SCALING: Final = ("Rescaling", "Normalization")
# Functions of keras.ops with one tensor and one number, as ``x / 127.5 - 1`` leaves them.
_ARITHMETIC: Final = frozenset({"Add", "Subtract", "Multiply", "Divide", "TrueDivide"})
# What may stand before or between them: it moves pixels, or does something only while training.
_PASSING_NAMES: Final = """
    CenterCrop Cropping2D Dropout Flatten GaussianDropout GaussianNoise GetItem Identity
    Permute RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation
    RandomZoom Reshape Resizing SpatialDropout2D ZeroPadding2D
"""
_PASSING: Final = frozenset(_PASSING_NAMES.split())


def own_scaling(calls: Sequence[Call]) -> list[Call]:
    """The calls with which a network begins, up to the last that scales; empty if none does.

    Args:
        calls: The network's, in order.
    """
    chain, ends, value = [], 0, INPUT
    for call in calls:
        if call.inputs != (value,) or len(call.outputs) != 1:
            break
        kind = type(call.operation).__name__
        if not (is_scaling(call) or kind in _PASSING):
            break
        chain.append(call)
        if is_scaling(call):
            ends = len(chain)
        value = call.outputs[0]
    return chain[:ends]


def is_scaling(call: Call) -> bool:
    """Whether a call maps numbers to others by a fixed scale and offset."""
    kind = type(call.operation).__name__
    is_layer = isinstance(call.operation, keras.Layer)
    return kind in _SCALING if is_layer else kind in _ARITHMETIC


def run(chain: Sequence[Call], inputs: Any) -> Any:
    """What *chain* makes of inputs."""
    tensors = {INPUT: inputs}
    for call in chain:
        call.run(tensors)
    return tensors[chain[-1].outputs[0]] if chain else inputs
