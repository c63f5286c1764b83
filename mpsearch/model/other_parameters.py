"""The parameters of a model that are in no weight layer: batch normalisation and the like."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mpsearch.core.arrays import UInt8Array
from mpsearch.model.weight_layers import weight_variables


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
        """As Keras names it."""
        return str(self.variable.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """As Keras keeps it."""
        return tuple(self.variable.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return int(np.asarray(self.variable).nbytes)

    def data(self) -> UInt8Array:
        """Its values' bytes, little-endian."""
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
    found: list[OtherParameter] = []
    taken: set[str] = set()
    for variable in model.weights:
        if id(variable) in inside:
            continue
        name, number = str(variable.path), 2
        while name in taken:
            name = f"{variable.path}~{number}"
            number += 1
        taken.add(name)
        found.append(OtherParameter(name, variable))
    return found
