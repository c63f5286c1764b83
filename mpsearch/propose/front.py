"""The front of bytes against drop."""

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray


def front(nbytes: IntArray, drop_pp: Float64Array) -> IntArray:
    """Positions of the plans that no other beats in both bytes and drop, the smallest first.

    Of plans that are equal in both, the first.

    Args:
        nbytes: Shape (plans,).
        drop_pp: Percentage points, shape (plans,).
    """
    order = np.lexsort((drop_pp, nbytes))
    least = np.minimum.accumulate(np.concatenate([[np.inf], drop_pp[order]]))[:-1]
    return order[drop_pp[order] < least].astype(np.int64)
