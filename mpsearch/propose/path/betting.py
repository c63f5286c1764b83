"""A bound of a mean that assumes nothing but the range of what is averaged.

Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal of the
Royal Statistical Society B, 2024. Were the mean of a population m or more, a gambler who bets
before each loss x_i in 0..1 that it will be below m could not expect to gain. The capital

    K(m) = Π_i (1 − λ_i (x_i − m)),     0 ≤ λ_i < 1 / (1 − m),

where λ_i depends on earlier losses only, has an expectation of at most 1, and ever reaches
1 / (1 − sure) with a probability of at most 1 − sure (Ville's inequality). K rises with m: the
bound is the least m whose capital reaches it at some point.
"""

import math
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float64Array

_LARGEST_BET: Final = 0.99  # of what a loss of 1 would ruin
_HALVINGS: Final = 40  # of the interval 0..1
_FIRST_MEAN: Final = 0.5  # believed before the first loss, as is a variance of 1/4
_FIRST_VARIANCE: Final = 0.25


def betting_bound(losses: Float64Array, sure: float) -> float:
    """Upper bound of the mean of the population that losses were drawn from.

    The losses are shuffled (always alike), as their order may mean something.

    Args:
        losses: A sample, shape (n,), 0..1.
        sure: Probability that the mean is below the bound, whatever the population; below 1.

    Returns:
        0..1; 1 where nothing better can be said.
    """
    if not len(losses):
        return 1.0
    shuffled = np.random.default_rng(0).permutation(losses)
    bets = _bets(shuffled, sure)
    goal = -math.log(1 - sure)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        bounded = np.minimum(bets, _LARGEST_BET / (1 - middle))
        capital = np.cumsum(np.log1p(-bounded * (shuffled - middle)))
        low, high = (low, middle) if capital.max() >= goal else (middle, high)
    return high


def _bets(losses: Float64Array, sure: float) -> Float64Array:
    """Each bet by the variance of the losses before it; best if the deviations were normal."""
    n = len(losses)
    seen = np.arange(2, n + 2)
    means = (_FIRST_MEAN + np.cumsum(losses)) / seen
    variances = (_FIRST_VARIANCE + np.cumsum(np.square(losses - means))) / seen
    before = np.concatenate([[_FIRST_VARIANCE], variances[:-1]])
    bets: Float64Array = np.sqrt(-2 * math.log(1 - sure) / (n * before))
    return bets
