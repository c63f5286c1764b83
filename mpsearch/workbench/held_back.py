"""The drop of a plan on held-back images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float32Array, Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp

#: Of fewer images an interval of their drop says nothing.
FEWEST_IMAGES: Final = 4
_RESAMPLES: Final = 2000
_DRAWS_AT_ONCE: Final = 2**19
_INTERVAL: Final = (2.5, 97.5)  # percentiles of the resampled drops


@dataclass(frozen=True, slots=True)
class ImageSetDrop:
    """The drop of one plan on one set of images.

    Attributes:
        images: Number of images.
        drop_pp: Drop under the metric, percentage points.
        signed_pp: Mean drop over images, percentage points, in which rises count against falls.
        interval_pp: Bootstrap 95 % interval of *drop_pp*: how much it depends on these images.
        worst_pp: Largest drop of one image, percentage points.
        worst_image: Name of the image with the largest drop.
        top1_changes: Number of images whose most probable class changed.
    """

    images: int
    drop_pp: float
    signed_pp: float
    interval_pp: tuple[float, float]
    worst_pp: float
    worst_image: str
    top1_changes: int


def compare(
    before: Float32Array,
    after: Float32Array,
    reference: IntArray,
    metric: Metric,
    names: Sequence[str],
) -> ImageSetDrop:
    """Compare class probabilities of two models on the same images.

    Args:
        before: Class probabilities of the unchanged model, shape (n, classes).
        after: Class probabilities under the plan, same shape.
        reference: Class per image, shape (n,).
        metric: How the drops of images become one number.
        names: Names of the images.
    """
    rows = np.arange(len(before))
    drops = drops_pp(
        before[rows, reference].astype(np.float64), after[rows, reference].astype(np.float64)
    )
    return ImageSetDrop(
        images=len(before),
        drop_pp=float(aggregate(drops, metric)),
        signed_pp=float(drops.mean()),
        interval_pp=bootstrap_interval(drops, metric),
        worst_pp=float(drops.max()),
        worst_image=names[int(drops.argmax())],
        top1_changes=int(np.count_nonzero(after.argmax(axis=1) != before.argmax(axis=1))),
    )


def bootstrap_interval(drops: Float64Array, metric: Metric) -> tuple[float, float]:
    """Percentile bootstrap (Efron 1979) over images; the same for the same drops.

    It cannot reach beyond the worst image given: with ``max`` and ``p95`` and few images, others
    may well be worse than its upper end.

    Args:
        drops: Per image, shape (n,).
        metric: How they become one.
    """
    images, step = len(drops), max(1, _DRAWS_AT_ONCE // len(drops))
    rng = np.random.default_rng(0)  # gives the same numbers in pieces as at once
    samples = []
    for first in range(0, _RESAMPLES, step):
        draws = rng.integers(0, images, (min(step, _RESAMPLES - first), images))
        samples.append(aggregate(drops[draws], metric))
    low, high = np.percentile(np.concatenate(samples), _INTERVAL)
    return float(low), float(high)


def held_back(images: int, fraction: float | None) -> IntArray:
    """Positions of the images kept for verification, spread evenly over the set.

    Args:
        images: Number of images.
        fraction: Share to hold back, 0 to below 1; at least one image is searched on. None for a
            third of four images or more, and none of fewer.
    """
    if fraction is None:
        fraction = 1 / 3 if images >= FEWEST_IMAGES else 0.0
    count = min(int(images * fraction + 1e-9), images - 1)
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    return ((np.arange(count) + 0.5) * images / count).astype(np.int64)
