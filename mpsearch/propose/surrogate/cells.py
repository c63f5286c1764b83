"""What screening says of every cell: one layer under one scheme, all others as in a centre plan."""

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
        metric: How the drops of images become one.
        confidence: Of the unchanged model, shape (n,), 0..1.
        margin: Under the centre, shape (n,).
        change: Per variable of the menu, what each of its choices does to every image's margin,
            shape (choices, n); zero for the centre's own choice.
        perturbation: Per variable, how far each choice is from the centre's,
            ‖Q(W) − W'‖ / ‖W‖, shape (choices,).
        measured: Per variable, whether the change was measured, shape (choices,); otherwise it is
            the first-order prediction.
    """

    metric: Metric
    confidence: Float64Array
    margin: Float64Array
    change: tuple[Float64Array, ...]
    perturbation: tuple[Float64Array, ...]
    measured: tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], ...]

    @property
    def scale(self) -> Float64Array:
        """What counts as a large change of each image's margin, shape (n,): the margin itself."""
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
        """How much the drop grows per unit that each image's margin falls, shape (..., n)."""
        probability = sigmoid(self.margin + change)
        drops = drops_pp(self.confidence, probability)
        steep = 100.0 * probability * (1 - probability)
        return steep * image_weights(drops, self.metric)


def image_weights(drops: Float64Array, metric: Metric) -> Float64Array:
    """How much each image counts in the drop, shape (..., n): alike in ``mean`` where it fell.

    In ``max`` and ``p95`` the images near the deciding one share its weight, so that a small step
    does not hand everything to another image.
    """
    if metric == "mean":
        count = drops.shape[-1]
        result: Float64Array = (drops > 0) / count
        return result
    deciding = aggregate(drops, metric)[..., None]
    soft = np.exp(-np.abs(drops - deciding) / 1.0)  # pp
    weights: Float64Array = soft / soft.sum(axis=-1, keepdims=True)
    return weights
