"""Lengths of axes: numbers where they are known when code is traced, else found as it runs."""

from mpsearch.model.backend import tf
from mpsearch.model.step import Tensor


def side(tensor: Tensor, axis: int) -> int | Tensor:
    """Length of one axis."""
    known = tensor.shape[axis]
    return tf.shape(tensor)[axis] if known is None else int(known)


def sides(tensor: Tensor, first: int, end: int) -> list[int | Tensor]:
    """Lengths of the axes *first* to *end*, the latter not included; negative as in a slice."""
    return [side(tensor, axis) for axis in range(len(tensor.shape))[first:end]]
