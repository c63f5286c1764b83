"""Which choices of a layer need not be tried: another has no more bytes and far smaller errors."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray

# Of the squared error of the weights. Among nearly equal errors the images decide.
_FAR_SMALLER: Final = 0.5


def undominated(
    nbytes: IntArray, errors: Float64Array, keep: Sequence[int] = ()
) -> tuple[int, ...]:
    """Positions of choices that no other beats in bytes and error, in order.

    Args:
        nbytes: Stored bytes of each, shape (choices,).
        errors: Squared error of the weights under each, shape (choices,).
        keep: Positions to keep whatever beats them.
    """
    as_small = nbytes[:, None] >= nbytes[None, :]
    as_good = (errors[None, :] <= _FAR_SMALLER * errors[:, None]) & np.isfinite(errors[None, :])
    # Two without error beat each other: the first of the fewest bytes stays.
    both_exact = (errors[:, None] == 0) & (errors[None, :] == 0)
    earlier = np.arange(len(nbytes))[:, None] > np.arange(len(nbytes))[None, :]
    smaller = nbytes[:, None] > nbytes[None, :]
    beaten = as_small & np.where(both_exact, smaller | earlier, as_good)
    return tuple(i for i in range(len(nbytes)) if i in keep or not beaten[i].any())
