"""Some of many places, from all parts of them alike."""

import math
from typing import Final

import numpy as np

from mpsearch.values.arrays import IntArray

_GOLDEN: Final = (math.sqrt(5) - 1) / 2


def spread(count: int, most: int) -> IntArray:
    """*most* of the places 0 to *count* − 1, each once.

    Steps of nearly the golden section meet every residue alike: regular ones would see one position
    of a kernel, every other channel, or one column of a picture alone.

    Args:
        count: Places there are.
        most: Places wanted; at most *count*.
    """
    step = round(count * _GOLDEN)
    while math.gcd(step, count) > 1:
        step += 1
    return np.arange(most, dtype=np.int64) * step % count
