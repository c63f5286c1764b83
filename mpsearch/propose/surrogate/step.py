"""One proposal's view: candidates, and what is expected of them."""

from functools import cached_property
from typing import Final

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.menu import Menu
from mpsearch.propose.milp import smallest_plan
from mpsearch.propose.surrogate.acquisition import Outlook, error_factor, joined, outlook
from mpsearch.propose.surrogate.candidates import (
    double_changes,
    frontier_plans,
    single_changes,
    uniform_choices,
)
from mpsearch.propose.surrogate.cells import Cells, rows_at_once
from mpsearch.propose.surrogate.observed import MOST_FITTED, Observed
from mpsearch.propose.surrogate.posterior import Posterior
from mpsearch.values.arrays import Float64Array, IntArray

_REACH: Final = 3.0  # how far beyond the budget the frontier goes
_ROUNDS: Final = 3  # of moving the operating point before anything near the budget was measured
_MOST_PAIRS: Final = 1500
_CLIMBS: Final = 5  # of following single changes from the best candidate
# Where each image binds for itself, the exact solver is asked after so many measurements: it takes
# as long as measuring several plans.
_EXACT_AT: Final = frozenset({1, 3, 5, 8, 12, 16, 24, 32, 48, 64, 96, 128})
_LARGEST_EXACT: Final = 25_000  # cells times images: beyond, it takes too long
_SPARED: Final = 0.05  # of the images may break the limit under p95


class Step:
    """What one proposal knows: the model fitted to what was measured, and the best plan.

    Args:
        menu: The choices.
        cells: Screened changes of the margins.
        goal: The limit: a budget or a size, not a front.
        seen: Plans that were measured, and that are being measured.

    Attributes:
        best: Row of the best feasible plan in *seen*, or None.
    """

    def __init__(self, menu: Menu, cells: Cells, goal: Goal, seen: Observed) -> None:
        self._menu, self._cells, self._goal, self._seen = menu, cells, goal, seen
        near = seen.nearest(goal, MOST_FITTED)
        choices, change, drops = seen.choices[near], seen.change[near], seen.drop_pp[near]
        if len(
            seen.pending
        ):  # assumed to turn out as predicted, so that other workers look elsewhere
            believed = Posterior(cells, choices, change).predict(seen.pending).change
            choices = np.concatenate([choices, seen.pending])
            change = np.concatenate([change, believed])
            drops = np.concatenate([drops, cells.drop_pp(believed)])
        self._posterior = Posterior(cells, choices, change)
        every = np.concatenate([seen.choices, seen.pending])
        self._rows = {row.tobytes() for row in every}
        self.best = self._best_feasible()
        most = float(sum(int(sizes.max()) for sizes in menu.nbytes)) + 1
        self._best = (
            (most, 100.0)
            if self.best is None
            else (float(seen.nbytes[self.best]), float(seen.drop_pp[self.best]))
        )
        reach = 100.0 if goal.budget_pp is None else _REACH * goal.budget_pp + 1.0
        self._factor = 1.0
        if len(choices):
            self._factor = error_factor(cells, self._posterior, drops, reach)

    def _best_feasible(self) -> int | None:
        """Row of the best measured plan that keeps the limit; of equal ones the first by name."""
        seen, menu = self._seen, self._menu
        feasible = np.flatnonzero(self._goal.excesses(seen.nbytes, seen.drop_pp) <= 0)
        if not len(feasible):
            return None
        first, second = self._goal.keys(seen.nbytes[feasible], seen.drop_pp[feasible])
        least = np.lexsort((second, first))[0]
        equal = feasible[(first == first[least]) & (second == second[least])]
        return min(map(int, equal), key=lambda i: menu.plan(seen.choices[i].tolist()).schemes)

    @property
    def worth(self) -> float:
        """What savings are compared with: bytes, or percentage points where bytes are given."""
        return max(0.1, self._best[1]) if self._goal.max_nbytes is not None else self._best[0]

    def best_candidate(self, caution: float) -> tuple[IntArray, float] | None:
        """The plan of the greatest expected saving that is not measured, and that saving."""
        pool = self._fresh(self._candidates)
        if not len(pool):
            return None
        savings = self._cautious(self._outlook(pool), caution)
        top = int(np.argmax(savings))
        choice, saving = pool[top], float(savings[top])
        for _ in range(_CLIMBS):
            around = self._fresh(single_changes(self._menu, choice))
            if not len(around):
                break
            savings = self._cautious(self._outlook(around), caution)
            top = int(np.argmax(savings))
            if savings[top] <= saving:
                break
            choice, saving = around[top], float(savings[top])
        return choice, saving

    @staticmethod
    def _cautious(view: Outlook, caution: float) -> Float64Array:
        result: Float64Array = view.saving * view.chance ** (caution - 1)
        return result

    def gentlest(self) -> tuple[int, ...] | None:
        """A plan that may be gentler than all that were measured, where none is feasible."""
        pool = self._fresh(np.concatenate([self._candidates, self._mildest()]))
        if not len(pool):
            return None
        view = self._outlook(pool)
        hoped = view.drop_pp - view.sd_pp
        top = int(np.argmin(hoped))
        least = self._seen.drop_pp.min() if len(self._seen.drop_pp) else np.inf
        return as_choice(pool[top]) if hoped[top] < least else None

    def changes_left(self) -> int:
        """Single changes of the best plan that may improve it and are not measured.

        Before there is one: half of all changes, as of a plan from the middle of the menu.
        """
        if self.best is None:
            return max(1, sum(len(sizes) - 1 for sizes in self._menu.nbytes) // 2)
        return max(1, len(self._fresh(single_changes(self._menu, self._seen.choices[self.best]))))

    def polishing_change(self) -> tuple[tuple[int, ...], float] | None:
        """The single change of the best plan that is most likely to improve it."""
        assert self.best is not None
        plans = self._fresh(single_changes(self._menu, self._seen.choices[self.best]))
        if not len(plans):
            return None
        view = self._outlook(plans)
        top = int(np.lexsort((view.drop_pp, -view.saving))[0])
        return as_choice(plans[top]), float(view.saving[top])

    def _outlook(self, plans: IntArray) -> Outlook:
        step = rows_at_once(len(self._cells.margin))
        pieces = [plans[i : i + step] for i in range(0, max(1, len(plans)), step)]
        return joined([self._outlook_of(some) for some in pieces])

    def _outlook_of(self, plans: IntArray) -> Outlook:
        return outlook(
            self._cells,
            self._goal,
            self._menu.totals(plans),
            self._posterior.predict(plans),
            self._factor,
            self._best,
        )

    def _fresh(self, plans: IntArray) -> IntArray:
        """Those that are not measured and could be better than the best plan, each once."""
        nbytes = self._menu.totals(plans)
        limit = self._goal.max_nbytes
        plans = plans[nbytes <= limit if limit is not None else nbytes < self._best[0]]
        first = {row.tobytes(): i for i, row in reversed(list(enumerate(plans)))}
        rows = sorted(i for key, i in first.items() if key not in self._rows)
        return plans[np.array(rows, dtype=np.int64)]

    @cached_property
    def _candidates(self) -> IntArray:
        pools = [self._frontier(), np.array(uniform_choices(self._menu), dtype=np.int64)]
        for start, change in self._starts():
            pools.append(single_changes(self._menu, start))
            limits = (
                self._best[0] if self._goal.max_nbytes is None else self._goal.max_nbytes + 1.0,
                self._best[1] if self._goal.budget_pp is None else 2 * self._goal.budget_pp + 0.5,
            )
            pools.append(
                double_changes(self._menu, self._cells, start, change, limits, _MOST_PAIRS)
            )
        return np.concatenate(pools)

    def _starts(self) -> list[tuple[IntArray, Float64Array]]:
        """Measured plans whose surroundings are of interest."""
        seen = self._seen
        rows = [] if self.best is None else [self.best]
        near = self._nearest_to_limit()
        if near is not None and near not in rows:
            rows.append(near)
        return [(seen.choices[i], seen.change[i]) for i in rows]

    def _nearest_to_limit(self) -> int | None:
        """The smaller measured plan that breaks the limit least."""
        seen, goal = self._seen, self._goal
        excess = goal.excesses(seen.nbytes, seen.drop_pp)
        over = np.flatnonzero((seen.nbytes < self._best[0]) & (excess > 0))
        return int(over[np.argmin(excess[over])]) if len(over) else None

    def _frontier(self) -> IntArray:
        """Frontier plans around where the limit is met."""
        tables = self._posterior.corrected()
        point = np.zeros_like(self._cells.margin)
        starts = self._starts()
        rounds = _ROUNDS
        pools = [self._smallest(tables)] if self._asks_exact_solver else []
        if starts and np.any(starts[-1][0] != starts[0][0]):
            point, rounds = starts[-1][1] / 2, 1
        elif starts and self._seen.drop_pp[self.best or 0] > 0 and self.best is not None:
            point, rounds = starts[0][1] / 2, 2
        for _ in range(rounds):
            pool = frontier_plans(self._menu, self._cells, tables, point, self._frontier_limit())
            pools.append(pool)
            point = (point + self._middle(pool, self._outlook(pool).drop_pp)) / 2
        return np.concatenate(pools)

    @property
    def _asks_exact_solver(self) -> bool:
        size = sum(map(len, self._menu.nbytes)) * len(self._cells.margin)
        due = len(self._seen.choices) in _EXACT_AT
        return self._cells.metric != "mean" and due and size <= _LARGEST_EXACT

    def _smallest(self, tables: tuple[Float64Array, ...]) -> IntArray:
        """The smallest plan that keeps the limit on every image for itself, if there is one."""
        budget = self._goal.budget_pp
        if budget is None:
            return np.zeros((0, len(tables)), dtype=np.int64)
        lowest = np.clip(self._cells.confidence - budget / 100, 1e-9, 1 - 1e-9)
        allowance = self._cells.margin - np.log(lowest / (1 - lowest))
        starts = self._starts()
        if starts:  # what the sum of changes misses there, it misses nearby too
            choice, change = starts[-1]
            summed = sum(table[option] for table, option in zip(tables, choice, strict=True))
            allowance = allowance + change - summed
        spared = int(_SPARED * (len(allowance) - 1)) if self._cells.metric == "p95" else 0
        solution = smallest_plan(self._menu.nbytes, [-table for table in tables], allowance, spared)
        rows = [] if solution.choice is None else [solution.choice]
        return np.array(rows, dtype=np.int64).reshape(-1, len(tables))

    def _frontier_limit(self) -> float:
        if self._goal.budget_pp is not None:
            return _REACH * self._goal.budget_pp
        return min(100.0, 1.5 * self._best[1])

    def _middle(self, pool: IntArray, drop_pp: Float64Array) -> Float64Array:
        """Half the change of the pool's best plan that should keep the limit."""
        nbytes = self._menu.totals(pool)
        inside = np.flatnonzero(self._goal.excesses(nbytes, drop_pp) <= 0)
        if not len(inside):
            return np.zeros_like(self._cells.margin)
        first, second = self._goal.keys(nbytes[inside], drop_pp[inside])
        best = inside[np.lexsort((second, first))[0]]
        change: Float64Array = self._posterior.predict(pool[[best]]).change[0]
        return change / 2

    def _mildest(self) -> IntArray:
        """The choice of the least predicted harm, layer by layer."""
        return np.array(
            [[int(np.argmin(np.abs(table).mean(axis=1))) for table in self._cells.change]],
            dtype=np.int64,
        )


def as_choice(choice: IntArray) -> tuple[int, ...]:
    """A row of plans as a menu takes it."""
    return tuple(int(option) for option in choice)
