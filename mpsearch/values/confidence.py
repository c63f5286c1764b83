"""Compute the number that the budget limits from the answers of two models."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric


class Answered(Protocol):
    """Answers of a model to n images."""

    @property
    def confidence(self) -> Float64Array:
        """Probability of each image's reference class, shape (n,), 0..1."""

    @property
    def top1(self) -> IntArray:
        """The most probable class of each image, shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageAnswers:
    """Answers of a model to n images, as :class:`Answered` says.

    Attributes:
        confidence: Probability of each image's reference class, shape (n,), 0..1.
        top1: The most probable class of each image, shape (n,).
    """

    confidence: Float64Array
    top1: IntArray


def drops_pp(baseline: Float64Array, confidence: Float64Array) -> Float64Array:
    """Drop of every image in percentage points; negative where confidence rose.

    Args:
        baseline: Confidence of the unchanged model, shape (..., n), 0..1.
        confidence: Confidence under a plan, same shape.
    """
    result: Float64Array = 100.0 * (baseline - confidence)
    return result


def losses_pp(
    before: Answered, after: Answered, metric: Metric, reference: IntArray
) -> Float64Array:
    """What every image loses under a metric, percentage points, shape (n,).

    ``mean`` counts falls of confidence alone, max(0, drop): no image's rise pays for another's
    fall. ``net``, ``max`` and ``p95`` take drops as they are. In ``agreement`` an image whose most
    probable class changed has lost 100, any other nothing. In ``accuracy`` an image that was
    right and is wrong has lost 100, one that was wrong and is right has gained 100.

    Args:
        before: Answers of the unchanged model.
        after: Answers under a plan.
        metric: What counts.
        reference: Reference class per image, shape (n,); for ``accuracy`` the true class.
    """
    match metric:
        case "mean":
            return np.maximum(drops_pp(before.confidence, after.confidence), 0.0)
        case "net" | "max" | "p95":
            return drops_pp(before.confidence, after.confidence)
        case "agreement":
            return np.where(after.top1 != before.top1, 100.0, 0.0)
        case "accuracy":
            was_right, is_right = before.top1 == reference, after.top1 == reference
            return np.where(was_right, 100.0, 0.0) - np.where(is_right, 100.0, 0.0)


def aggregate(losses: Float64Array, metric: Metric) -> Float64Array:
    """The drop of an image set, in percentage points.

    ``max`` is the worst image, ``p95`` the 95th percentile (linear interpolation between images),
    all others are means over images; ``mean`` takes drops as well, and counts falls alone.

    Args:
        losses: Losses of images, shape (..., n), from :func:`losses_pp`.
        metric: How the losses of images become one number.

    Returns:
        Shape (...).
    """
    match metric:
        case "mean":
            return np.asarray(np.maximum(losses, 0.0).mean(axis=-1))
        case "net" | "agreement" | "accuracy":
            return np.asarray(losses.mean(axis=-1))
        case "max":
            return np.asarray(losses.max(axis=-1))
        case "p95":
            return np.asarray(np.percentile(losses, 95, axis=-1))
