"""Upper bounds of the drop on images that were not measured, from images that no step has seen.

Every bound is one-sided: over many draws of n images from the same source, the drop on all images
of the source lies above it in at most a share of 1 - sure of the draws. docs/adr/0024 has the
simulation by which they were chosen.

=============  ====================================================================================
metric         bound
=============  ====================================================================================
mean, net      Student's t: mean + t(sure, n - 1) · s / √n, with s the standard deviation
agreement      Jeffreys: the *sure* quantile of Beta(k + 1/2, n - k + 1/2), k changed answers of n
accuracy       Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial
               proportions based on paired data", 2012: one more lost and one more gained answer
p95            the k-th smallest fall, with k the least for which P(Binomial(n, 0.95) < k) ≥ sure
max            the largest fall, which is then that of a share of (1 - sure)^(1/n) of all images
=============  ====================================================================================
"""

import math
from typing import Final

import numpy as np
from scipy import stats

from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric

_P95: Final = 0.95


def upper_bound(losses: Float64Array, metric: Metric, sure: float) -> float:
    """Upper bound of the drop on images like these, percentage points; infinite where none is.

    Args:
        losses: Loss of every image under the metric, percentage points, shape (n,), from
            :func:`~mpsearch.values.confidence.losses_pp`.
        metric: How the losses of images become one number.
        sure: Probability that the drop is below the bound, 0.5 to below 1.
    """
    n = len(losses)
    match metric:
        case "mean" | "net":
            return _student(losses, sure)
        case "agreement":
            changed = np.count_nonzero(losses)
            return 100 * float(stats.beta.ppf(sure, changed + 0.5, n - changed + 0.5))
        case "accuracy":
            return _paired(np.count_nonzero(losses > 0), np.count_nonzero(losses < 0), n, sure)
        case "p95":
            place = _place(n, sure)
            return math.inf if place > n else float(np.sort(losses)[place - 1])
        case "max":
            return float(losses.max()) if n else math.inf


def share_covered(images: int, sure: float) -> float:
    """Share of all images, 0..1, whose loss is at most the largest of *images* losses."""
    return float((1 - sure) ** (1 / images))


def fewest_images(budget_pp: float, metric: Metric, sure: float) -> int:
    """Held-back images without any loss from which on the bound can keep a budget.

    Args:
        budget_pp: The budget, percentage points.
        metric: How the losses of images become one number.
        sure: As for :func:`upper_bound`.
    """
    if metric in {"mean", "net", "max"}:
        return 2
    most = 2**24
    images = 2
    while images < most and upper_bound(np.zeros(images), metric, sure) > budget_pp:
        images += max(1, images // 50)
    return images


def _student(losses: Float64Array, sure: float) -> float:
    n = len(losses)
    if n < 2:
        return math.inf
    error = float(losses.std(ddof=1)) / math.sqrt(n)
    return float(losses.mean()) + float(stats.t.ppf(sure, n - 1)) * error


def _paired(lost: int, gained: int, n: int, sure: float) -> float:
    p, q = (lost + 1) / (n + 2), (gained + 1) / (n + 2)
    error = math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return 100 * (p - q + float(stats.norm.ppf(sure)) * error)


def _place(n: int, sure: float) -> int:
    """The least k for which the k-th smallest of n losses bounds the 95th percentile."""
    k = int(stats.binom.ppf(sure, n, _P95))  # the least k with P(Binomial <= k) >= sure
    return k + 1


def bound_name(metric: Metric, images: int) -> str:
    """Name of the bound of a metric."""
    return {"mean": "Student's t", "net": "Student's t", "agreement": "Jeffreys"}.get(metric, "?")
