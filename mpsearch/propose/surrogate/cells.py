"""Screened changes of the images' margins: one layer under one scheme, the others as in a centre.

Notation, per image; n images, and every variable of the menu is a layer or a group of tied layers:

=========  ==============  =====================================================================
symbol     shape           meaning
=========  ==============  =====================================================================
c          (n,)            confidence of the unchanged model in its reference class, 0..1
m          (n,)            margin under the centre plan, in log-odds: ln(p / (1 - p)) of the
                           reference class' probability p
d_v(x_v)   (choices, n)    change of m by each choice of variable v; 0 for the centre's choice
x          (variables,)    a plan: the position of one choice per variable
=========  ==============  =====================================================================

A cell is a pair of variable and choice. The additive model of a plan's change is the sum over v of
d_v(x_v). A change t of the margin, shape (n,), gives

    probability   q = sigmoid(m + t) = 1 / (1 + exp(-(m + t)))
    drop          100 · (c - q) per image, percentage points; the metric makes one number of it
    slope         100 · q · (1 - q) · w per image, percentage points per unit of margin

with w, shape (n,), from :func:`image_weights`. d_v is measured, or the first-order prediction from
one backward pass per image (:mod:`~mpsearch.sensitivity.gradient`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp

_PIECE: Final = 4 * 2**20  # bytes of one number per plan and image


def rows_at_once(images: int) -> int:
    """Plans whose images are looked at together: some arrays of a number for each are made."""
    return max(32, _PIECE // (8 * images))


def sigmoid(margin: Float64Array) -> Float64Array:
    """Probability of a log-odds margin; no overflow."""
    small = np.exp(-np.abs(margin))
    result: Float64Array = np.where(margin >= 0, 1 / (1 + small), small / (1 + small))
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Screened changes of the log-odds margin around a plan, the centre.

    Attributes:
        metric: How the drops of images become one number: ``mean``, ``net``, ``max`` or ``p95``.
        confidence: Confidence of the unchanged model, shape (n,), 0..1.
        margin: Margins under the centre plan, in log-odds, shape (n,).
        change: Per variable of the menu, the change of every image's margin by each of its choices,
            in log-odds, shape (choices, n); zero for the centre's own choice.
        perturbation: Per variable, the relative distance of each choice's decoded weights Q(W)
            from the centre's weights W', ‖Q(W) − W'‖ / ‖W‖, shape (choices,).
        measured: Per variable, whether each choice's change was measured, shape (choices,);
            otherwise it is the first-order prediction.
    """

    metric: Metric
    confidence: Float64Array
    margin: Float64Array
    change: tuple[Float64Array, ...]
    perturbation: tuple[Float64Array, ...]
    measured: tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], ...]

    @property
    def scale(self) -> Float64Array:
        """A large change of each image's margin, shape (n,): max(abs(m), 1)."""
        return np.maximum(np.abs(self.margin), 1.0)

    def total(self, choices: IntArray) -> Float64Array:
        """Sum of the changes, shape (plans, n), of choices (plans, variables)."""
        total = np.zeros((len(choices), len(self.margin)))
        for variable, table in enumerate(self.change):
            total += table[choices[:, variable]]
        return total

    def squares(self, choices: IntArray) -> Float64Array:
        """Sum of the squared changes, shape (plans, n)."""
        total = np.zeros((len(choices), len(self.margin)))
        for variable, table in enumerate(self.change):
            total += np.square(table)[choices[:, variable]]
        return total

    def drop_pp(self, change: Float64Array) -> Float64Array:
        """Drop of the image set for changes of the margin of shape (..., n)."""
        return aggregate(drops_pp(self.confidence, sigmoid(self.margin + change)), self.metric)

    def slope_pp(self, change: Float64Array) -> Float64Array:
        """Growth of the drop per unit by which each image's margin falls, shape (..., n)."""
        probability = sigmoid(self.margin + change)
        drops = drops_pp(self.confidence, probability)
        steep = 100.0 * probability * (1 - probability)
        return steep * image_weights(drops, self.metric)


def image_weights(drops: Float64Array, metric: Metric) -> Float64Array:
    """Weight of each image in the drop, shape (..., n); in ``mean``, equal where confidence fell.

    In ``net`` all images weigh the same.

    In ``max`` and ``p95`` the images near the deciding one share its weight, so that a small step
    does not hand everything to another image.
    """
    if metric == "net":
        return np.full(drops.shape, 1 / drops.shape[-1])
    if metric == "mean":
        count = drops.shape[-1]
        result: Float64Array = (drops > 0) / count
        return result
    deciding = aggregate(drops, metric)[..., None]
    soft = np.exp(-np.abs(drops - deciding) / 1.0)  # pp
    weights: Float64Array = soft / soft.sum(axis=-1, keepdims=True)
    return weights
