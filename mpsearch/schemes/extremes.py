"""The smallest and the largest weight of a tensor: what says whether a scheme can store it."""

from typing import NamedTuple

from mpsearch.values.arrays import Float32Array


class Extremes(NamedTuple):
    """Least and largest weight of a tensor; NaN if any weight is."""

    smallest: float
    largest: float

    def within(self, limit: float) -> bool:
        """Whether all magnitudes are finite and below *limit*."""
        return -limit < self.smallest and self.largest < limit  # NaN compares false


def extremes(weights: Float32Array) -> Extremes:
    """Look through *weights*; 0 and 0 of an empty tensor."""
    # NaN wins both reductions, and neither needs a temporary array.
    if not weights.size:
        return Extremes(0.0, 0.0)
    return Extremes(float(weights.min()), float(weights.max()))
