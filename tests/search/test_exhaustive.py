"""The search against the best of all plans, on small trained networks."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from search_bench import SearchBench
from trained_network import TrainedNetwork, digits, every_choice

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp

# One process: what a search found is asked twice.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("exhaustive")]
COARSE = ("original", "fl16", "bitwiseAnd_20", "bitwiseAnd_22", "fix8")
# Widths of the hidden layers, seed, images, schemes.
NETWORKS: dict[str, tuple[tuple[int, ...], int, int, tuple[str, ...]]] = {
    "deep": ((24, 24, 16, 16), 1, 8, COARSE),
    "funnel": ((48, 24, 12, 12), 2, 1, COARSE),
    "wide": ((64, 32, 32), 3, 16, (*COARSE, "bitwiseAnd_19", "bitwiseAnd_21")),
    "even": ((20, 20, 20, 20, 20), 4, 12, COARSE),
}
METRICS: tuple[Metric, ...] = ("mean", "max", "p95")
BUDGETS = (0.3, 1.0, 3.0)


class Problem:
    """A network whose plans have all been measured."""

    def __init__(self, name: str) -> None:
        widths, seed, count, schemes = NETWORKS[name]
        network = TrainedNetwork(widths, seed)
        x, _ = digits()
        inputs = x[:: max(1, len(x) // count)][:count]
        self.bench = SearchBench(network, inputs, schemes)
        menu, bank = self.bench.menu, self.bench.engine.bank
        options = [
            [bank.decoded(layer, scheme) for scheme in menu.schemes[layer]]
            for layer in range(len(menu.layers))
        ]
        layers = [[(kernel, bias) for kernel, bias in pairs] for pairs in options]
        reference = self.bench.engine.reference
        self.confidences: Float64Array = network.all_confidences(inputs, layers, reference)
        choices = every_choice([len(schemes) for schemes in menu.schemes])
        self.nbytes: IntArray = menu.totals(choices)

    def optimum(self, metric: Metric, budget_pp: float) -> int:
        base = self.bench.engine.baseline.confidence
        drops = aggregate(drops_pp(base, self.confidences), metric)
        return int(self.nbytes[drops <= budget_pp].min())


@cache
def problem(name: str) -> Problem:
    return Problem(name)


@cache
def outcome(name: str, metric: Metric, budget_pp: float, folder: Path) -> tuple[float, float]:
    """Bytes over those of the best plan, and the share of all plans that was measured."""
    one = problem(name)
    where = folder / f"{name}-{metric}-{budget_pp}"
    found = one.bench.search(where, budget_pp, metric=metric, trials=None)
    best = found.history.best
    assert best is not None
    assert best.drop_pp <= budget_pp
    measured = sum(tried.origin != "original" for tried in found.history.tried)
    return best.nbytes / one.optimum(metric, budget_pp), measured / one.bench.menu.plans


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exhaustive")


CASES = [(name, metric, budget) for name in NETWORKS for metric in METRICS for budget in BUDGETS]
SHORT = [case for case in CASES if case[0] in {"deep", "funnel"}]


@pytest.mark.parametrize(
    ("name", "metric", "budget_pp"),
    [case if case in SHORT else pytest.param(*case, marks=pytest.mark.long) for case in CASES],
)
def test_it_comes_within_one_percent_of_the_best_plan(
    folder: Path, name: str, metric: Metric, budget_pp: float
) -> None:
    ratio, share = outcome(name, metric, budget_pp, folder)
    assert 1 - 1e-9 <= ratio <= 1.01
    assert share <= 0.05


@pytest.mark.parametrize(
    "cases", [SHORT, pytest.param(CASES, marks=pytest.mark.long)], ids=["some", "all"]
)
def test_it_mostly_finds_the_best_plan_itself(
    folder: Path, cases: list[tuple[str, Metric, float]]
) -> None:
    ratios = [outcome(*case, folder)[0] for case in cases]
    assert len(ratios) >= 18
    assert np.mean(np.array(ratios) < 1 + 1e-9) >= 0.8
