"""The parameters of a model that are in no weight layer: batch normalisation and the like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras
from mpsearch.model.weight_layers import all_layers, require_finite, weight_variables
from mpsearch.values.arrays import BoolArray, Float32Array, UInt8Array
from mpsearch.values.errors import ModelError

_REMEDY: Final = "train or export the model again"


@dataclass(frozen=True, slots=True, eq=False)
class OtherParameter:
    """One of them.

    Attributes:
        name: Keras' path of it.
        variable: The live Keras variable.
    """

    name: str
    variable: Any

    @property
    def dtype(self) -> str:
        """Data type, as Keras names it."""
        return str(self.variable.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape, as Keras keeps it."""
        return tuple(self.variable.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return int(np.asarray(self.variable).nbytes)

    def data(self) -> UInt8Array:
        """Bytes of the values, little-endian."""
        array = np.asarray(self.variable)
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        return little.reshape(-1).view(np.uint8)

    def assign(self, data: UInt8Array) -> None:
        """Take the values of :meth:`data`."""
        kind = np.asarray(self.variable).dtype
        values = data.view(kind.newbyteorder("<")).reshape(self.shape)
        self.variable.assign(values.astype(kind))


def other_parameters(model: Any) -> Sequence[OtherParameter]:
    """Those of *model*, in its own order; names are made distinct."""
    inside = {id(variable) for variable in weight_variables(model)}
    parameters: list[OtherParameter] = []
    taken: set[str] = set()
    for variable in model.weights:
        if id(variable) in inside:
            continue
        name, number = str(variable.path), 2
        while name in taken:
            name = f"{variable.path}~{number}"
            number += 1
        taken.add(name)
        parameters.append(OtherParameter(name, variable))
    return parameters


def kinds_of_other_parameters(model: Any) -> tuple[str, ...]:
    """Classes of the layers that own them, those with most bytes first."""
    others = {id(parameter.variable): parameter.nbytes for parameter in other_parameters(model)}
    nbytes: dict[str, int] = {}
    for _, layer in reversed(list(all_layers(model))):  # those inside a layer before it
        for variable in layer.weights:
            kind = type(layer).__name__
            nbytes[kind] = nbytes.get(kind, 0) + others.pop(id(variable), 0)
    kinds = [kind for kind, count in nbytes.items() if count]
    return tuple(sorted(kinds, key=lambda kind: -nbytes[kind]))


def require_sound_parameters(model: Any) -> None:
    """Refuse parameters outside weight layers with which nothing can be computed.

    Raises:
        ModelError: Names a parameter that is not finite, or a variance of which there is no root.
    """
    for parameter in other_parameters(model):
        values = np.asarray(parameter.variable)
        if values.dtype.kind not in "iub":
            as_float64 = np.asarray(values, dtype=np.float64)
            require_finite(f"parameter {parameter.name!r}", "values", as_float64)
    for name, layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization) and layer.built:
            # As the layer adds them up, in float32.
            variance = np.asarray(layer.moving_variance, dtype=np.float32)
            rooted = (variance >= 0) & (variance + np.float32(layer.epsilon) > 0)
            _require(rooted, variance, name, layer.epsilon)
        elif isinstance(layer, keras.layers.Normalization) and layer.built:
            # Its deviation is never below Keras' own epsilon: a variance of 0 does no harm.
            variance = np.asarray(layer.variance, dtype=np.float32)
            _require(variance >= 0, variance, name, 0.0)


def _require(sound: BoolArray, variance: Float32Array, layer: str, epsilon: float) -> None:
    """Check that every channel's variance has a root to divide by."""
    bad = np.flatnonzero(~sound)
    if len(bad):
        channel = int(bad[0])
        more = f" (and {len(bad) - 1:,} more such)" if len(bad) > 1 else ""
        raise ModelError(
            f"layer {layer!r}: the variance of channel {channel} is {variance.flat[channel]:g}"
            f"{more}; a variance is never negative, and with its epsilon, {epsilon:g}, it must be "
            f"above 0 for the layer to divide by its root; {_REMEDY}"
        )
