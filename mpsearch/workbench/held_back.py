"""The drop of a plan on held-back images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.memory.input_images import InputImages
from mpsearch.values.arrays import Float32Array, Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import ImageAnswers, aggregate, losses_pp
from mpsearch.values.fingerprint import array_digest

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
        signed_pp: Net drop: mean over images, in which rises count against falls, percentage
            points.
        interval_pp: Bootstrap 95 % interval of *drop_pp*: how much it depends on these images.
        worst_pp: Largest drop of one image, percentage points.
        worst_image: Name of the image with the largest drop.
        top1_changes: Number of images whose most probable class changed.
        accuracy_pct: Share of images whose most probable class is the true one, percent, before
            and after; None where the true classes are not known.
    """

    images: int
    drop_pp: float
    signed_pp: float
    interval_pp: tuple[float, float]
    worst_pp: float
    worst_image: str
    top1_changes: int
    accuracy_pct: tuple[float, float] | None = None


def answers_of(probabilities: Float32Array, reference: IntArray) -> ImageAnswers:
    """What class probabilities say of each image.

    Args:
        probabilities: Shape (n, classes).
        reference: Class per image, shape (n,).
    """
    confidence = probabilities[np.arange(len(reference)), reference]
    return ImageAnswers(confidence.astype(np.float64), probabilities.argmax(axis=1))


def compare(
    before: Float32Array,
    after: Float32Array,
    reference: IntArray,
    metric: Metric,
    names: Sequence[str],
    has_truth: bool = False,
) -> ImageSetDrop:
    """Compare class probabilities of two models on the same images.

    Args:
        before: Class probabilities of the unchanged model, shape (n, classes).
        after: Class probabilities under the plan, same shape.
        reference: Class per image, shape (n,).
        metric: How the losses of images become one number.
        names: Names of the images.
        has_truth: Whether the reference classes are the true ones.
    """
    trained, planned = answers_of(before, reference), answers_of(after, reference)
    drops = losses_pp(trained, planned, "net", reference)
    losses = losses_pp(trained, planned, metric, reference)
    right = [100 * float((said.top1 == reference).mean()) for said in (trained, planned)]
    return ImageSetDrop(
        images=len(before),
        drop_pp=float(aggregate(losses, metric)),
        signed_pp=float(drops.mean()),
        interval_pp=bootstrap_interval(losses, metric),
        worst_pp=float(drops.max()),
        worst_image=names[int(drops.argmax())],
        top1_changes=int(np.count_nonzero(trained.top1 != planned.top1)),
        accuracy_pct=(right[0], right[1]) if has_truth else None,
    )


def bootstrap_interval(losses: Float64Array, metric: Metric) -> tuple[float, float]:
    """Percentile bootstrap (Efron 1979) over images; the same for the same drops.

    It cannot reach beyond the worst image given: with ``max`` and ``p95`` and few images, others
    may well be worse than its upper end.

    Args:
        losses: Per image, percentage points, shape (n,).
        metric: How they become one.
    """
    images, step = len(losses), max(1, _DRAWS_AT_ONCE // len(losses))
    rng = np.random.default_rng(0)  # gives the same numbers in pieces as at once
    samples = []
    for first in range(0, _RESAMPLES, step):
        draws = rng.integers(0, images, (min(step, _RESAMPLES - first), images))
        samples.append(aggregate(losses[draws], metric))
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


def digests_of(inputs: InputImages) -> list[str]:
    """A digest of the pixels of every image."""
    return [array_digest([inputs[place : place + 1]]) for place in range(len(inputs))]


def by_content(digests: Sequence[str], count: int) -> IntArray:
    """Positions of *count* images chosen by their pixels.

    So the choice has nothing to do with names or order, and is the same wherever the images are;
    most images stay on their side when others are added.

    Args:
        digests: Of the images, from :func:`digests_of`.
        count: How many to choose.
    """
    order = sorted(range(len(digests)), key=lambda place: (digests[place], place))
    return np.sort(np.array(order[:count], dtype=np.int64))
