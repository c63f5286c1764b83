"""Plans from the gentlest to the smallest, by a cost that no luck and no sharpening rewards.

The cost of a choice is the mean square of the change that it makes to the margins of the images,
the other layers as trained: first-order predictions from one backward pass per image, or measured.
Rises cost as much as falls. Costs of layers add, as changes by different layers hardly depend on
each other; the smallest plan for every total cost is then a point of a knapsack's frontier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.propose.knapsack import frontier
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.values.arrays import Float64Array, IntArray

_PER_DOUBLING: Final = 4  # plans per doubling of the cost: 9 % more change from one to the next
_DOUBLINGS: Final = 36  # of costs below that of the costliest plan; further down nothing changes
_LEAST: Final = float(np.finfo(np.float64).tiny) * 2.0**_DOUBLINGS
_CELLS: Final = 600  # resolution of each plan's knapsack
_FINE_CELLS: Final = 8000  # where one size is asked for

#: Per variable of a menu, the cost of each choice, shape (choices,), log-odds².
Costs = Sequence[Float64Array]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Plans in an order that is fixed before any held-back image is looked at.

    Attributes:
        choices: The plans, bytes strictly descending.
        costs: Mean square change of the margins as predicted, log-odds², shape (plans,).
        nbytes: Stored bytes of the weight layers, shape (plans,).
    """

    choices: tuple[Choice, ...]
    costs: Float64Array
    nbytes: IntArray

    @classmethod
    def of(cls, menu: Menu, costs: Costs) -> "Path":
        """The path of a menu."""
        most = _range(costs)
        choices: dict[Choice, None] = {}
        for step in range(_PER_DOUBLING * _DOUBLINGS, -1, -1):
            limit = most * 2.0 ** (-step / _PER_DOUBLING)
            smallest = frontier(menu.nbytes, costs, limit, _CELLS)[-1]
            choices[tuple(int(option) for option in smallest)] = None
        choices[menu.smallest] = None  # which rounded costs may have left out
        return cls.ordered(menu, list(choices), costs)

    @classmethod
    def ordered(cls, menu: Menu, choices: Sequence[Choice], costs: Costs) -> "Path":
        """The plans of *choices* that no other beats in bytes and cost, from gentle to small."""
        totals = [total_cost(costs, choice) for choice in choices]
        sizes = [menu.total(choice) for choice in choices]
        kept: list[int] = []
        for place in sorted(range(len(choices)), key=lambda place: (totals[place], sizes[place])):
            if not kept or sizes[place] < sizes[kept[-1]]:
                kept.append(place)
        return cls(
            tuple(choices[place] for place in kept),
            np.array([totals[place] for place in kept], dtype=np.float64),
            np.array([sizes[place] for place in kept], dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.choices)


def costs_of(cells: Cells) -> list[Float64Array]:
    """Costs of a menu's choices from screened changes of the margins."""
    return [np.square(change).mean(axis=1) for change in cells.change]


def _range(costs: Costs) -> float:
    """How much more the costliest plan costs than the gentlest; 1 where that is next to nothing.

    Parts of it down to the last doubling are then numbers that can be divided by.
    """
    most = sum(float(cost.max() - cost.min()) for cost in costs)
    return most if most > _LEAST else 1.0


def total_cost(costs: Costs, choice: Choice) -> float:
    """Cost of a plan."""
    return sum(float(cost[option]) for cost, option in zip(costs, choice, strict=True))


def gentlest_within(menu: Menu, costs: Costs, max_nbytes: int) -> Choice:
    """The plan of least cost within a size; the smallest plan if none is.

    Args:
        menu: The choices.
        costs: Their costs.
        max_nbytes: Largest size of the weight layers, bytes.
    """
    path = Path.of(menu, costs)
    inside = np.flatnonzero(path.nbytes <= max_nbytes)
    if not len(inside):
        return menu.smallest
    first = int(inside[0])
    least = sum(float(cost.min()) for cost in costs)
    limit = float(path.costs[first]) - least
    if limit <= _range(costs) * 2.0**-_DOUBLINGS:
        return path.choices[first]
    for row in frontier(menu.nbytes, costs, limit, _FINE_CELLS):
        choice = tuple(int(option) for option in row)
        if menu.total(choice) <= max_nbytes:
            return choice
    return path.choices[first]
