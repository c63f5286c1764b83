"""How much a plan is expected to gain: improvement times the chance of keeping the limit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.posterior import Posterior, Prediction
from mpsearch.values.arrays import Float64Array, IntArray

_LEAST_SD: Final = 0.005  # pp
_PRIOR_COUNT: Final = 3.0  # measurements that the prior belief in the error bars is worth
_LARGEST_SURPRISE: Final = 5.0  # standard errors that one plan may count for
_FACTORS: Final = (0.3, 5.0)
_STEPS: Final = np.array([-4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """Expected drops of some plans, and chances of keeping the limit.

    Attributes:
        drop_pp: Expected drop, shape (plans,).
        sd_pp: Standard error of the drop, shape (plans,).
        chance: Probability of keeping the limit, shape (plans,).
        saving: Expected improvement on the best plan, bytes or (where bytes are given) percentage
            points, shape (plans,).
    """

    drop_pp: Float64Array
    sd_pp: Float64Array
    chance: Float64Array
    saving: Float64Array


def joined(some: Sequence[Outlook]) -> Outlook:
    """One outlook of all plans of several."""
    if len(some) == 1:
        return some[0]
    return Outlook(
        np.concatenate([part.drop_pp for part in some]),
        np.concatenate([part.sd_pp for part in some]),
        np.concatenate([part.chance for part in some]),
        np.concatenate([part.saving for part in some]),
    )


def outlook(
    cells: Cells,
    goal: Goal,
    nbytes: IntArray,
    prediction: Prediction,
    factor: float,
    best: tuple[float, float],
) -> Outlook:
    """Predict plans' drops and chances of keeping the limit.

    Args:
        cells: Says how the drop follows from margins.
        goal: The limit: a budget or a size, not a front.
        nbytes: Bytes of the plans, shape (plans,).
        prediction: Prediction of the plans' margins.
        factor: Factor by which the prediction's errors are too small, see :func:`error_factor`.
        best: Bytes and drop of the best plan so far.
    """
    drop = cells.drop_pp(prediction.change)
    sd = np.maximum(factor * drop_sd(cells, prediction), _LEAST_SD)
    if goal.max_nbytes is not None:
        chance = (nbytes <= goal.max_nbytes).astype(np.float64)
        better = best[1] - drop
        saving = chance * (better * normal_cdf(better / sd) + sd * _normal_pdf(better / sd))
    else:
        assert goal.budget_pp is not None
        chance = _chance_within(cells, prediction, factor, goal.budget_pp)
        saving = np.maximum(best[0] - nbytes, 0) * chance
    return Outlook(drop, sd, chance, np.maximum(saving, 0.0))


def drop_sd(cells: Cells, prediction: Prediction) -> Float64Array:
    """Standard error of the drop in first order, percentage points, if all images err together."""
    slope = cells.slope_pp(prediction.change)
    result: Float64Array = (slope * cells.scale).sum(axis=-1) * prediction.sd
    return result


def error_factor(cells: Cells, posterior: Posterior, drop_pp: Float64Array, reach: float) -> float:
    """Factor by which true errors exceed those of the posterior, from the plans measured.

    Each plan is compared with what would have been believed without it. Plans far beyond the
    limit, measured and believed, do not count.

    Args:
        cells: Says how the drop follows from margins.
        posterior: Posterior fitted to the measured plans.
        drop_pp: Measured drops, shape (h,).
        reach: Drop, percentage points, beyond which plans do not matter.
    """
    without = posterior.left_out()
    believed = cells.drop_pp(without.change)
    sd = np.maximum(drop_sd(cells, without), _LEAST_SD)
    near = (np.minimum(believed, drop_pp) <= reach) & (np.maximum(believed, drop_pp) > 0)
    squares = np.minimum(np.abs(drop_pp - believed) / sd, _LARGEST_SURPRISE)[near] ** 2
    mean = (squares.sum() + _PRIOR_COUNT) / (len(squares) + _PRIOR_COUNT)
    return float(np.clip(math.sqrt(mean), *_FACTORS))


def _chance_within(
    cells: Cells, prediction: Prediction, factor: float, budget_pp: float
) -> Float64Array:
    """Chance that the drop is at most the budget, if all images err together.

    The drop is far from linear in the margins: it is followed along the common error, and the
    error at which it meets the budget gives the chance.
    """
    step = factor * prediction.sd[:, None] * cells.scale
    drops = np.stack([cells.drop_pp(prediction.change - z * step) for z in _STEPS])
    drops = np.maximum.accumulate(drops, axis=0)
    meets = np.full(drops.shape[1], -np.inf)
    for i in range(len(_STEPS)):
        inside = drops[i] <= budget_pp
        reached = np.full_like(meets, _STEPS[i])
        if i + 1 < len(_STEPS):
            share = (budget_pp - drops[i]) / np.maximum(drops[i + 1] - drops[i], 1e-9)
            reached += (_STEPS[i + 1] - _STEPS[i]) * np.clip(share, 0, 1)
        meets = np.where(inside, reached, meets)
    return normal_cdf(meets)


def normal_cdf(z: Float64Array) -> Float64Array:
    """Standard normal distribution function, to 7.5e-8 (Abramowitz and Stegun 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series = 0.319381530 + t * (
        -0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))
    )
    tail = _normal_pdf(z) * t * series
    result: Float64Array = np.where(z >= 0, 1 - tail, tail)
    return result


def _normal_pdf(z: Float64Array) -> Float64Array:
    result: Float64Array = np.exp(-0.5 * np.square(np.clip(z, -38, 38))) / math.sqrt(2 * math.pi)
    return result
