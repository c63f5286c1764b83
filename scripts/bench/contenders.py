"""What the search is compared with: general samplers, and greedy with a sensitivity table.

All of them ask the same :class:`Ledger`, which counts distinct plans: asking for one a second time
costs nothing.
"""

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import optuna

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.surrogate.candidates import damage_at
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.schemes import DOCUMENTED
from mpsearch.sensitivity.measure import refusals
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.workbench.workbench import Workbench

METRIC: Final[Metric] = "mean"
_LARGEST_TABLE: Final = 0.75  # of greedy's measurements may go into single layers
_DUPLICATES: Final = 20  # times the measurements: proposals of known plans before giving up


class SpentError(Exception):
    """All measurements are used up."""


class Table:
    """True measurements of plans, kept for all contenders."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        layers, bank = bench.layers, bench.engine.bank
        self.menu = Menu.of(layers, DOCUMENTED, refusals(bench.engine, DOCUMENTED), bank.nbytes)
        self._known: dict[Choice, Tried] = {}

    def measure(self, choice: Choice) -> Tried:
        """Of a plan, from memory if it is known."""
        if choice not in self._known:
            (found,) = self.bench.engine.measure([self.menu.plan(choice)])
            drops = drops_pp(self.bench.baseline.confidence, found.confidence)
            self._known[choice] = Tried(
                found.plan,
                found.nbytes,
                float(aggregate(drops, METRIC)),
                found.confidence,
                found.margin,
                "",
                found.stage_runs,
            )
        return self._known[choice]


class Ledger:
    """Counts one contender's measurements, and keeps the best feasible bytes after each."""

    def __init__(self, table: Table, budget_pp: float, measurements: int) -> None:
        self.table, self.budget_pp, self.most = table, budget_pp, measurements
        self._seen: set[Choice] = set()
        self.best_after: list[int] = []

    def measure(self, choice: Choice) -> Tried:
        """Measure a plan.

        Raises:
            SpentError: If it would be one too many.
        """
        new = choice not in self._seen
        if new and len(self._seen) == self.most:
            raise SpentError
        one = self.table.measure(choice)
        if new:
            self._seen.add(choice)
            best = self.best_after[-1] if self.best_after else self.table.bench.baseline.nbytes
            better = one.drop_pp <= self.budget_pp
            self.best_after.append(min(best, one.nbytes) if better else best)
        return one

    @property
    def best(self) -> int:
        """Bytes of the best feasible plan; the trained weights always are one."""
        return self.best_after[-1] if self.best_after else self.table.bench.baseline.nbytes

    def within(self, nbytes: int, share: float) -> int | None:
        """Measurements until within *share* of *nbytes*, or None."""
        hits = (i + 1 for i, b in enumerate(self.best_after) if b <= nbytes * (1 + share))
        return next(hits, None)


Contender = Callable[[Ledger, int], None]


def surrogate(ledger: Ledger, _seed: int) -> None:
    """Ours; it needs no seed."""
    table, menu = ledger.table, ledger.table.menu
    goal = Goal(METRIC, ledger.budget_pp)
    model = _surrogate(table, goal)
    original = menu.original
    assert original is not None
    history = History(goal, [table.measure(original)])
    while (proposal := model.propose(model.measured(history))) is not None:
        history.add(ledger.measure(proposal.choice))


def _surrogate(table: Table, goal: Goal) -> Surrogate:
    bench = table.bench
    screen = Screen(bench.engine, bench.model.network, bench.inputs, table.menu, METRIC)
    return Surrogate(table.menu, goal, screen)


def tpe(ledger: Ledger, seed: int) -> None:
    """Optuna's default, categorical."""
    _optuna(ledger, optuna.samplers.TPESampler(seed=seed), ordered=False)


def tpe_ordered(ledger: Ledger, seed: int) -> None:
    """The same over schemes ordered by their bytes."""
    _optuna(ledger, optuna.samplers.TPESampler(seed=seed), ordered=True)


def nsga2(ledger: Ledger, seed: int) -> None:
    """Optuna's NSGA-II, categorical."""
    _optuna(ledger, optuna.samplers.NSGAIISampler(seed=seed, population_size=20), ordered=False)


def greedy(ledger: Ledger, _seed: int) -> None:
    """Measure every layer alone, then take the change of most bytes per drop that still fits.

    Where the layers alone would take too many measurements, their prices are those of our
    screening.
    """
    menu = ledger.table.menu
    current = menu.original
    assert current is not None
    cells = list(_cells(menu))
    if len(cells) <= ledger.most * _LARGEST_TABLE:
        singles = [(*current[:v], o, *current[v + 1 :]) for v, o in cells]
        prices = [ledger.measure(single).drop_pp for single in singles]
    else:
        screened = _surrogate(ledger.table, Goal(METRIC, ledger.budget_pp)).screened
        harm = damage_at(screened, screened.change, np.zeros_like(screened.margin))
        prices = [float(harm[v][o]) for v, o in cells]
    price = {cell: max(drop, 1e-4) for cell, drop in zip(cells, prices, strict=True)}
    refused: set[tuple[int, int]] = set()
    while True:
        moves = [
            (
                (menu.nbytes[v][current[v]] - menu.nbytes[v][o])
                / max(price[v, o] - price.get((v, current[v]), 0.0), 1e-4),
                v,
                o,
            )
            for v, o in _cells(menu)
            if menu.nbytes[v][o] < menu.nbytes[v][current[v]] and (v, o) not in refused
        ]
        if not moves:
            return
        _, variable, option = max(moves)
        candidate = (*current[:variable], option, *current[variable + 1 :])
        if ledger.measure(candidate).drop_pp <= ledger.budget_pp:
            current = candidate
        else:
            refused.add((variable, option))


def _cells(menu: Menu) -> Iterable[tuple[int, int]]:
    original = menu.original
    assert original is not None
    return (
        (variable, option)
        for variable, sizes in enumerate(menu.nbytes)
        for option in range(len(sizes))
        if option != original[variable]
    )


def _optuna(ledger: Ledger, sampler: optuna.samplers.BaseSampler, *, ordered: bool) -> None:
    menu = ledger.table.menu
    orders = [np.argsort(sizes, kind="stable").tolist() for sizes in menu.nbytes]

    def objective(trial: optuna.Trial) -> float:
        choice = []
        for variable, (schemes, order) in enumerate(zip(menu.schemes, orders, strict=True)):
            if ordered:
                choice.append(order[trial.suggest_int(f"v{variable}", 0, len(order) - 1)])
            else:
                picked = trial.suggest_categorical(f"v{variable}", schemes)
                choice.append(schemes.index(picked))
        one = ledger.measure(tuple(choice))
        trial.set_constraint("drop", one.drop_pp - ledger.budget_pp)
        return float(one.nbytes)

    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=_DUPLICATES * 600)
