"""The method that searches are compared with."""

from pathlib import Path

from search_bench import SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.propose.goal import Goal
from mpsearch.propose.greedy import GreedyProposer
from mpsearch.propose.history import History, Tried


def test_it_descends_step_by_step_and_stops_where_no_step_fits(tmp_path: Path) -> None:
    bench = SearchBench(TrainedNetwork((24, 16), 5), digits()[0][::8])
    goal = Goal("mean", 1.0)
    original = bench.menu.original
    assert original is not None
    proposer = GreedyProposer(bench.menu, lambda: bench.surrogate(goal).screened, original)
    history = History(goal)
    base = bench.engine.baseline
    while suggestions := proposer.next(history):
        (suggestion,) = suggestions
        assert suggestion.plan not in history
        (found,) = bench.engine.measure([suggestion.plan])
        drop = float(100 * max(0.0, (base.confidence - found.confidence).mean()))
        history.add(
            Tried(found.plan, found.nbytes, drop, found.confidence, found.margin, "greedy", 1)
        )
    best = history.best
    assert best is not None
    assert best.nbytes < base.nbytes
    feasible = [one.nbytes for one in history.tried if history.feasible(one)]
    assert feasible == sorted(feasible, reverse=True)
