"""Which plan to measure next: a pure function of the profile and of what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.core.arrays import Float64Array, IntArray
from mpsearch.core.plan import Plan
from mpsearch.search.history import History
from mpsearch.search.knapsack import frontier
from mpsearch.search.margins import MarginModel, as_array
from mpsearch.search.menu import Choice, Menu

_ROUNDS: Final = 4  # of moving the operating point to where the budget is met
_REACH: Final = 4.0  # how far beyond the budget the frontier goes
_LEAST_LIMIT: Final = 1e-3  # pp; a budget of 0 still has a frontier
_MOST_MOVES: Final = 300  # single-layer changes that are paired with each other
_PAIRS_AT_ONCE: Final = 4096
_PATIENCE: Final = 15  # neighbours measured in vain before giving up


class FrontierProposer:
    """Proposes plans of the knapsack frontier, then neighbours of the best plan.

    Args:
        menu: The choices.
        model: Predicts drops.
        budget_pp: Largest drop allowed.
    """

    def __init__(self, menu: Menu, model: MarginModel, budget_pp: float) -> None:
        self._menu = menu
        self._model = model
        self._budget = budget_pp
        self._pool = self._make_pool()

    def next(self, history: History) -> tuple[Plan, str] | None:
        """A plan that was not measured yet and who proposes it, or None if nothing promises."""
        plan = self._on_frontier(history)
        if plan is not None:
            return plan, "frontier"
        plan = self._neighbour(history)
        return None if plan is None else (plan, "neighbour")

    def _make_pool(self) -> list[Choice]:
        """Frontier plans around the budget, the smallest first."""
        point = np.zeros_like(self._model.changes[0][0])
        limit = max(_REACH * self._budget, _LEAST_LIMIT)
        pool: dict[Choice, None] = {}
        for _ in range(_ROUNDS):
            points = frontier(self._menu.nbytes, self._model.damage_at(point), limit)
            pool.update(dict.fromkeys(points))
            choices = as_array(list(pool))
            changes = self._model.change(choices)
            within = np.flatnonzero(self._model.drop_pp(changes) <= self._budget)
            if not len(within):
                break
            cheapest = min(within, key=lambda i: self._menu.total(choices[i].tolist()))
            # Half way there is where an average step of the descent is taken.
            point = (point + changes[cheapest] / 2) / 2
        return self._undominated(list(pool))

    def _undominated(self, pool: list[Choice]) -> list[Choice]:
        """Plans that no other beats in both bytes and predicted drop, the smallest first."""
        drops = self._model.drop_pp(self._model.change(as_array(pool)))
        order = sorted(range(len(pool)), key=lambda i: (self._menu.total(pool[i]), drops[i]))
        kept: list[Choice] = []
        least = np.inf
        for i in order:
            if drops[i] < least:
                least = drops[i]
                kept.append(pool[i])
        return kept

    def _on_frontier(self, history: History) -> Plan | None:
        """Bisect the pool between the smallest feasible and the largest infeasible plan."""
        drop_of = {one.plan: one.drop_pp for one in history.tried}
        low, high = -1, len(self._pool)  # everything up to low is infeasible, from high on feasible
        plans = [self._menu.plan(choice) for choice in self._pool]
        for i, plan in enumerate(plans):
            if plan in drop_of and drop_of[plan] <= self._budget:
                high = i
                break
            if plan in drop_of:
                low = i
        if high - low <= 1:
            return None
        if low < 0 and high == len(self._pool):
            return plans[self._first_guess()]
        return plans[(low + high) // 2]

    def _first_guess(self) -> int:
        """The smallest plan that is predicted to keep the budget, else the gentlest."""
        drops = self._model.drop_pp(self._model.change(as_array(self._pool)))
        within = np.flatnonzero(drops <= self._budget)
        return int(within[0]) if len(within) else len(self._pool) - 1

    def _neighbour(self, history: History) -> Plan | None:
        """The one- or two-layer change of the best plan that saves most and should still do."""
        best = history.best
        if best is None or history.since_best >= _PATIENCE:
            return None
        start = self._menu.choice(best.plan)
        if start is None:
            return None
        moves = _Moves.around(start, self._menu, self._model)
        # Predictions are corrected by what was seen at the best plan itself.
        seen = self._model.seen_change(best.margin)
        for one, other in moves.saving_pairs(self._model, seen, self._budget):
            plan = best.plan
            for layer, option in {moves.moves[one], moves.moves[other]}:
                plan = plan.replace(self._menu.layers[layer], self._menu.schemes[layer][option])
            if plan not in history:
                return plan
        return None


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    """Changes of one layer each, away from a plan.

    Attributes:
        moves: (layer, option); the first is no change at all.
        saved: Bytes saved by each, shape (moves,); negative where it costs.
        change: What each does to every image's margin, shape (moves, n).
    """

    moves: list[tuple[int, int]]
    saved: IntArray
    change: Float64Array

    @classmethod
    def around(cls, start: Choice, menu: Menu, model: MarginModel) -> "_Moves":
        """All single-layer changes of *start*; the weightiest ones if there are very many."""
        moves = [(0, start[0])]
        moves += [
            (layer, option)
            for layer, sizes in enumerate(menu.nbytes)
            for option in range(len(sizes))
            if option != start[layer]
        ]
        saved = np.array([menu.nbytes[k][start[k]] - menu.nbytes[k][o] for k, o in moves], np.int64)
        change = np.stack([model.changes[k][o] - model.changes[k][start[k]] for k, o in moves])
        if len(moves) > _MOST_MOVES:
            heaviest = np.argsort(-np.abs(saved[1:]), kind="stable")[: _MOST_MOVES - 1] + 1
            keep = np.concatenate([[0], np.sort(heaviest)])
            moves, saved, change = [moves[i] for i in keep], saved[keep], change[keep]
        return cls(moves, saved, change)

    def saving_pairs(
        self, model: MarginModel, seen: Float64Array, budget_pp: float
    ) -> Iterator[tuple[int, int]]:
        """Pairs of moves of different layers that save bytes and should keep the budget.

        The greatest saving comes first. A single move is its pair with the first, empty one.
        """
        one, other = np.triu_indices(len(self.moves), k=1)
        layers = np.array([layer for layer, _ in self.moves])
        saved = self.saved[one] + self.saved[other]
        useful = (saved > 0) & ((one == 0) | (layers[one] != layers[other]))
        one, other, saved = one[useful], other[useful], saved[useful]
        for start in range(0, len(order := np.argsort(-saved, kind="stable")), _PAIRS_AT_ONCE):
            some = order[start : start + _PAIRS_AT_ONCE]
            drops = model.drop_pp(seen + self.change[one[some]] + self.change[other[some]])
            for i in some[drops <= budget_pp]:
                yield int(one[i]), int(other[i])
