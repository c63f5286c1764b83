"""Predict a plan's drop from single-layer measurements.

Changes of the log-odds margin add up over layers better than changes of probability do; the
sigmoid then gives each image's probability back.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mpsearch.core.arrays import Float64Array
from mpsearch.engine.confidence import Metric, aggregate, drops_pp
from mpsearch.search.menu import Menu
from mpsearch.sensitivity.profile import SensitivityProfile


def sigmoid(margin: Float64Array) -> Float64Array:
    """Probability of a log-odds margin; no overflow."""
    small = np.exp(-np.abs(margin))
    result: Float64Array = np.where(margin >= 0, 1 / (1 + small), small / (1 + small))
    return result


class MarginModel:
    """Additive margins of a profile.

    Args:
        profile: With its ``per_layer`` part complete.
        menu: Of the same profile.
        metric: How the drops of images become one.
    """

    def __init__(self, profile: SensitivityProfile, menu: Menu, metric: Metric) -> None:
        self._metric: Metric = metric
        self._base = profile.baseline.margin
        self._confidence = profile.baseline.confidence
        self.changes: tuple[Float64Array, ...] = tuple(
            np.stack([self._change(profile, layer, scheme) for scheme in schemes])
            for layer, schemes in zip(menu.layers, menu.schemes, strict=True)
        )

    def _change(self, profile: SensitivityProfile, layer: str, scheme: str) -> Float64Array:
        reading = profile.per_layer.get((layer, scheme))
        return np.zeros_like(self._base) if reading is None else reading.margin - self._base

    def change(self, choices: npt.NDArray[np.int64]) -> Float64Array:
        """Predicted change of every image's margin, shape (plans, n), of choices (plans, L)."""
        total = np.zeros((len(choices), len(self._base)))
        for layer, table in enumerate(self.changes):
            total += table[choices[:, layer]]
        return total

    def seen_change(self, margin: Float64Array) -> Float64Array:
        """How far measured margins, shape (n,), are from the baseline's."""
        result: Float64Array = margin - self._base
        return result

    def drop_pp(self, change: Float64Array) -> Float64Array:
        """Drop of the image set for margin changes of shape (..., n)."""
        return aggregate(drops_pp(self._confidence, sigmoid(self._base + change)), self._metric)

    def damage_at(self, point: Float64Array) -> list[Float64Array]:
        """What each choice of each layer adds to the drop when the margins have moved by *point*.

        Args:
            point: Change of every image's margin, shape (n,).

        Returns:
            Per layer, percentage points, shape (choices,).
        """
        before = sigmoid(self._base + point)
        weight = self._image_weights(drops_pp(self._confidence, before))
        return [
            100.0 * ((before - sigmoid(self._base + point + table)) @ weight)
            for table in self.changes
        ]

    def _image_weights(self, drops: Float64Array) -> Float64Array:
        """How much each image counts: alike for the mean, the worst most for max and p95."""
        if self._metric == "mean":
            return np.full(len(drops), 1 / len(drops))
        soft = np.exp((drops - drops.max()) / 2.0)  # images within 2 pp of the worst matter
        result: Float64Array = soft / soft.sum()
        return result


def as_array(choices: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """Choices as an array of shape (plans, L)."""
    return np.array(choices, dtype=np.int64)
