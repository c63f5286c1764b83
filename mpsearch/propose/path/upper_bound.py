"""Upper bounds of the drop on unseen images, from images that no plan was fitted to.

Every bound is one-sided: over many draws of n images from one source, the drop on all images of
the source lies above it in at most a share 1 − sure of the draws, exactly or about.

=========  =========================================  =============================================
metric     bound, approximate                         bound that assumes nothing of the losses
=========  =========================================  =============================================
mean       Student's t, of the logarithm of the mean  betting (betting.py)
net        Student's t                                betting (betting.py)
agreement  Jeffreys                                   Clopper-Pearson
accuracy   Bonett and Price 2012, paired proportions  betting (betting.py)
p95        the same                                   an order statistic
max        the same                                   the largest loss: nothing bounds a maximum;
                                                      see :func:`share_covered`
=========  =========================================  =============================================

Falls are never negative and their distribution has a long tail: in draws without its images mean
and spread are too small together, and Student's t holds less often than promised. On the scale of
logarithms, mean · exp(t · s / (√n · mean)), it does not, and where k of n images lose all there is
to lose, it is near the exact bound of a count of k. docs/adr/0024 has the simulation by which the
bounds were chosen, with those that were not.
"""

import math
from typing import Final

import numpy as np
from scipy import special

from mpsearch.propose.path.betting import betting_bound
from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric

_P95: Final = 0.95
_MOST_IMAGES: Final = 2**20


def upper_bound(
    losses: Float64Array, metric: Metric, sure: float, distribution_free: bool = False
) -> float:
    """One-sided upper bound of the drop over images like these, percentage points.

    Args:
        losses: Loss of every image, percentage points, shape (n,). ``mean``: max(0, fall of the
            confidence). ``net``, ``max``, ``p95``: the fall. ``agreement``: 100 where the most
            probable class changed, else 0. ``accuracy``: 100 where a right answer was lost, −100
            where one was gained, else 0.
        metric: How the losses of images become one number.
        sure: Probability that the drop is below the bound, 0.5 to below 1.
        distribution_free: Whether the bound must hold whatever the losses of other images are like.

    Returns:
        Infinity where the images are too few for any bound.
    """
    if len(losses) < 2:
        return math.inf
    if distribution_free:
        return _assuming_nothing(losses, metric, sure)
    match metric:
        case "mean" | "net":
            return (_log_student if metric == "mean" else _student)(losses, sure)
        case "agreement":
            return 100 * _jeffreys(int(np.count_nonzero(losses)), len(losses), sure)
        case "accuracy":
            return 100 * _bonett_price(losses, sure)
        case "max" | "p95":
            return _assuming_nothing(losses, metric, sure)


def bound_name(metric: Metric, distribution_free: bool = False) -> str:
    """Which bound :func:`upper_bound` uses, and whether it is guaranteed or approximate."""
    match metric:
        case "mean":
            return "betting, guaranteed" if distribution_free else "log-scale t, approximate"
        case "net":
            return "betting, guaranteed" if distribution_free else "Student's t, approximate"
        case "agreement":
            return "Clopper-Pearson, guaranteed" if distribution_free else "Jeffreys, approximate"
        case "accuracy":
            return "betting, guaranteed" if distribution_free else "Bonett-Price, approximate"
        case "p95":
            return "order statistic, guaranteed"
        case "max":
            return "largest loss, no bound of other images"


def share_covered(images: int, sure: float) -> float:
    """Share of all images, 0..1, that lose at most what the worst of *images* images loses."""
    return float((1 - sure) ** (1 / images)) if images else 0.0


def fewest_images(
    budget_pp: float, metric: Metric, sure: float, distribution_free: bool = False
) -> int | None:
    """Fewest held-back images, all without any loss, of which the bound keeps a budget.

    Args:
        budget_pp: The budget, percentage points.
        metric: How the losses of images become one number.
        sure: As for :func:`upper_bound`.
        distribution_free: As for :func:`upper_bound`.

    Returns:
        None where no number of images is enough, or more than a million are needed.
    """

    def keeps(images: int) -> bool:
        zeros = np.zeros(images)
        return upper_bound(zeros, metric, sure, distribution_free) <= budget_pp

    most = 2
    while not keeps(most):
        if most >= _MOST_IMAGES:
            return None
        most *= 2
    fewest = most // 2  # too few, or 1
    while most - fewest > 1:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if keeps(middle) else (middle, most)
    return most


def _assuming_nothing(losses: Float64Array, metric: Metric, sure: float) -> float:
    n = len(losses)
    match metric:
        case "mean":
            return 100 * betting_bound(losses / 100, sure)
        case "net" | "accuracy":
            return 200 * betting_bound((losses + 100) / 200, sure) - 100
        case "agreement":
            return 100 * _clopper_pearson(int(np.count_nonzero(losses)), n, sure)
        case "p95":
            place = _place(n, sure)
            return math.inf if place > n else float(np.sort(losses)[place - 1])
        case "max":
            return float(losses.max())


def _student(losses: Float64Array, sure: float) -> float:
    return float(losses.mean()) + _error(losses, sure)


def _log_student(losses: Float64Array, sure: float) -> float:
    """For losses of at least 0; at most 100, which no mean of percentage points exceeds."""
    mean = float(losses.mean())
    if mean == 0:
        return 0.0
    return mean * math.exp(min(_error(losses, sure) / mean, math.log(100 / mean)))


def _error(losses: Float64Array, sure: float) -> float:
    n = len(losses)
    return float(special.stdtrit(n - 1, sure)) * float(losses.std(ddof=1)) / math.sqrt(n)


def _clopper_pearson(hits: int, n: int, sure: float) -> float:
    """Upper bound of a share, from *hits* of n."""
    return 1.0 if hits == n else float(special.betaincinv(hits + 1, n - hits, sure))


def _jeffreys(hits: int, n: int, sure: float) -> float:
    return 1.0 if hits == n else float(special.betaincinv(hits + 0.5, n - hits + 0.5, sure))


def _bonett_price(losses: Float64Array, sure: float) -> float:
    """Upper bound of the share of answers lost less the share gained.

    Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial proportions
    based on paired data", 2012; but half an answer more lost and half a one gained, not a whole
    one, which keeps what is promised as well.
    """
    n = len(losses)
    lost, gained = int(np.count_nonzero(losses > 0)), int(np.count_nonzero(losses < 0))
    p, q = (lost + 0.5) / (n + 1), (gained + 0.5) / (n + 1)
    error = math.sqrt((p + q - (p - q) ** 2) / (n + 1))
    return p - q + float(special.ndtri(sure)) * error


def _place(n: int, sure: float) -> int:
    """The least k for which the k-th smallest of n losses bounds the 95th percentile."""
    return 1 + int(np.count_nonzero(special.bdtr(np.arange(n), n, _P95) < sure))
