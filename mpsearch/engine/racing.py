"""Give up on a plan as soon as the images so far prove its budget broken."""

from typing import Final

import numpy as np

from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp

_FIRST: Final = 4  # images; fewer do not run faster


def pieces(images: int) -> list[slice]:
    """Consecutive ranges of images, each as long as all before it together."""
    ranges, start, size = [], 0, _FIRST
    while start < images:
        ranges.append(slice(start, min(start + size, images)))
        start, size = start + size, start + size
    return ranges


def is_proven_above(
    baseline: Float64Array, confidence: Float64Array, metric: Metric, limit_pp: float
) -> bool:
    """Whether a drop exceeds a limit, whatever the answers to the images not yet run.

    The best they can say is a confidence of 1, and drops grow with every image's. Changed answers
    do not follow from confidences: nothing is proven of ``agreement`` and ``accuracy``.

    Args:
        baseline: Confidence of the unchanged model, shape (n,), 0..1.
        confidence: Confidence under the plan, shape (n,); NaN for images not yet run.
        metric: How the drops of images become one number.
        limit_pp: Limit of the drop, percentage points.
    """
    if metric in {"agreement", "accuracy"}:
        return False
    best = np.where(np.isnan(confidence), 1.0, confidence)
    return float(aggregate(drops_pp(baseline, best), metric)) > limit_pp
