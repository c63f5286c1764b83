"""Compute the number that the budget limits from confidences."""

import numpy as np

from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric


def drops_pp(baseline: Float64Array, confidence: Float64Array) -> Float64Array:
    """Drop of every image in percentage points; negative where confidence rose.

    Args:
        baseline: Confidence of the unchanged model, shape (..., n), 0..1.
        confidence: Confidence under a plan, same shape.
    """
    result: Float64Array = 100.0 * (baseline - confidence)
    return result


def aggregate(drops: Float64Array, metric: Metric) -> Float64Array:
    """The drop of an image set, in percentage points.

    ``mean`` is the mean of max(0, drop): no image's rise pays for another's fall. ``max`` is the
    worst image, ``p95`` the 95th percentile (linear interpolation between images).

    Args:
        drops: Drops of images, shape (..., n), from :func:`drops_pp`.
        metric: ``mean``, ``max`` or ``p95``.

    Returns:
        Shape (...).
    """
    match metric:
        case "mean":
            return np.asarray(np.maximum(drops, 0.0).mean(axis=-1))
        case "max":
            return np.asarray(drops.max(axis=-1))
        case "p95":
            return np.asarray(np.percentile(drops, 95, axis=-1))
