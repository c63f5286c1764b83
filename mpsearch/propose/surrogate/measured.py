"""Measured plans of a menu as arrays that grow."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import numpy as np

from mpsearch.propose.history import Tried
from mpsearch.propose.menu import Choice, Menu
from mpsearch.values.arrays import Float64Array, IntArray

Array = TypeVar("Array", IntArray, Float64Array)

_FIRST_CAPACITY: Final = 64


class Measured:
    """Measured plans in the order in which they were added; rows are never changed.

    Arrays double when they are full, so that adding a plan costs the same however many there are.

    Args:
        menu: The choices; plans that it does not have are left out.
        images: Number of images, n.
    """

    def __init__(self, menu: Menu, images: int) -> None:
        self._menu = menu
        self._count = 0
        self._choices = np.zeros((_FIRST_CAPACITY, len(menu.schemes)), dtype=np.int64)
        self._margins = np.zeros((_FIRST_CAPACITY, images))
        self._nbytes = np.zeros(_FIRST_CAPACITY, dtype=np.int64)
        self._drops = np.zeros(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return self._count

    @property
    def choices(self) -> IntArray:
        """Shape (h, variables)."""
        return self._choices[: self._count]

    @property
    def margins(self) -> Float64Array:
        """Log-odds of every image, shape (h, n)."""
        return self._margins[: self._count]

    @property
    def nbytes(self) -> IntArray:
        """Stored bytes, shape (h,)."""
        return self._nbytes[: self._count]

    @property
    def drop_pp(self) -> Float64Array:
        """Under the study's metric, percentage points, shape (h,)."""
        return self._drops[: self._count]

    def add(self, choice: Choice, margin: Sequence[float] | Float64Array, drop_pp: float) -> None:
        """Add one measured plan.

        Args:
            choice: The plan.
            margin: Log-odds per image, shape (n,).
            drop_pp: Drop of the plan, percentage points.
        """
        if self._count == len(self._nbytes):
            self._choices = _doubled(self._choices)
            self._margins = _doubled(self._margins)
            self._nbytes = _doubled(self._nbytes)
            self._drops = _doubled(self._drops)
        row = self._count
        self._choices[row], self._margins[row] = choice, margin
        self._nbytes[row], self._drops[row] = self._menu.total(choice), drop_pp
        self._count += 1

    def extend(self, plans: Iterable[Tried]) -> None:
        """Add what a search has measured; plans that the menu does not have are left out."""
        for tried in plans:
            choice = self._menu.choice(tried.plan)
            if choice is not None:
                self.add(choice, tried.margin, tried.drop_pp)


def _doubled(array: Array) -> Array:
    return np.concatenate([array, np.zeros_like(array)])
