"""Measured plans as arrays."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.values.arrays import Float64Array, IntArray

#: Plans a model is fitted to: its cost grows with their cube, its use does not.
MOST_FITTED: Final = 250


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Plans that were measured, and plans that other processes are measuring.

    Attributes:
        choices: Measured plans, shape (h, variables).
        change: Measured change of every image's margin, shape (h, n).
        nbytes: Bytes of the plans, shape (h,).
        drop_pp: Measured drops, percentage points, shape (h,).
        pending: Plans that are being measured elsewhere, shape (p, variables).
    """

    choices: IntArray
    change: Float64Array
    nbytes: IntArray
    drop_pp: Float64Array
    pending: IntArray

    def nearest(self, goal: Goal, most: int) -> IntArray:
        """Positions of the plans nearest the limit, at most *most*, in order."""
        if len(self.drop_pp) <= most:
            return np.arange(len(self.drop_pp))
        if goal.max_nbytes is not None:
            distance = np.abs(self.nbytes - goal.max_nbytes).astype(np.float64)
        else:
            distance = np.abs(self.drop_pp - (goal.budget_pp or 0.0))
        return np.sort(np.argsort(distance, kind="stable")[:most])

    def only(self, rows: IntArray) -> "Observed":
        """Some of the measured plans."""
        return replace(
            self,
            choices=self.choices[rows],
            change=self.change[rows],
            nbytes=self.nbytes[rows],
            drop_pp=self.drop_pp[rows],
        )
