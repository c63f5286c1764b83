"""Networks, menus and interruptions that once led a search astray."""

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from numpy_network import NumpyNetwork, images
from search_bench import FINGERPRINT, SCHEMES, SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.propose.goal import Goal
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.errors import SettingError
from mpsearch.values.outer import OuterProduct


class Shrunk(NumpyNetwork):
    """A layer so small that ``fix8`` makes it zero."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        for array in self._weights[1]:
            np.multiply(array, 0.012 / np.abs(array).max(), out=array)


class Broken(NumpyNetwork):
    """A gradient that is not a number somewhere, as after an overflow."""

    value = np.nan

    def margin_gradients(self, *args: Any) -> tuple[tuple[Any | OuterProduct, ...], ...]:
        gradients = super().margin_gradients(*args)
        array = gradients[1][0]
        assert isinstance(array, np.ndarray)
        array.flat[0] = self.value
        return gradients


def optimum(bench: SearchBench, folder: Path, budget_pp: float) -> int:
    best = bench.search(folder, budget_pp, kind="brute", trials=None, name="brute").history.best
    assert best is not None
    return best.nbytes


@pytest.mark.parametrize(
    ("seed", "budget_pp"),
    [
        (seed, budget) if seed == number else pytest.param(seed, budget, marks=pytest.mark.long)
        for seed in range(4)
        for number, budget in enumerate((0.3, 1.0, 3.0))
    ],
)
def test_a_layer_that_a_scheme_makes_zero(tmp_path: Path, seed: int, budget_pp: float) -> None:
    bench = SearchBench(Shrunk(seed), images(4))
    best = bench.search(tmp_path, budget_pp, trials=None).history.best
    assert best is not None
    assert best.nbytes <= 1.01 * optimum(bench, tmp_path, budget_pp)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_no_number(
    tmp_path: Path, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "value", value)
    bench = SearchBench(Broken(), images(4))
    best = bench.search(tmp_path, 2.0, trials=None).history.best
    assert best is not None
    assert best.nbytes <= 1.01 * optimum(bench, tmp_path, 2.0)


@pytest.mark.parametrize("kind", ["surrogate", "tpe", "brute"])
@pytest.mark.parametrize("schemes", [SCHEMES, ("fl16", "fix8")])
def test_a_size_that_no_plan_keeps_gives_the_smallest(
    tmp_path: Path, kind: Any, schemes: tuple[str, ...]
) -> None:
    bench = SearchBench(NumpyNetwork(), images(2), schemes)
    history = bench.search(tmp_path, max_nbytes=100, kind=kind).history
    assert history.best is None
    assert history.nearest is not None
    assert history.nearest.nbytes == sum(int(sizes.min()) for sizes in bench.menu.nbytes)


def test_one_choice_per_layer_is_a_search_of_one_plan(tmp_path: Path) -> None:
    bench = SearchBench(NumpyNetwork(), images(2), ("fl16",))
    searched = bench.search(tmp_path, 50.0, trials=None)
    assert len(searched.history) == 1
    trials = [optuna.trial.create_trial(params={}, distributions={}, value=0.0)]
    assert bench.sampler(Goal("mean", 50.0)).propose(trials) is not None


def test_a_resumed_sampler_knows_its_proposals_that_others_had_measured(tmp_path: Path) -> None:
    def fresh() -> SearchBench:
        return SearchBench(NumpyNetwork(3), images(3), ("original", "fl16", "fix8"))

    fresh().search(tmp_path, 5.0, kind="brute", trials=None, name="first")
    whole = fresh().search(tmp_path, 2.0, kind="nsga2", trials=45, name="whole").history
    for trials in (30, 45):
        parts = fresh().search(tmp_path, 2.0, kind="nsga2", trials=trials, name="parts").history
    own = [one.plan for one in whole.tried if one.origin == "nsga2"]
    again = [one.plan for one in parts.tried if one.origin == "nsga2"]
    # The first stop has the original, 27 proposals, and two uniform plans.
    assert again[:27] == own[:27]
    assert {one.origin for one in whole.tried} <= {"original", "nsga2", "uniform"}


def test_a_study_whose_start_was_killed_is_started_again(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "study.db")
    half = optuna.create_study(storage=url, study_name="s", direction="minimize")
    half.set_user_attr("mpsearch:model", FINGERPRINT["model"])
    bench = SearchBench(NumpyNetwork(), images(2))
    StudyStore.open(url, "s", Identity(FINGERPRINT, bench.menu, Goal("mean", 1.0))).close()
    stored = optuna.load_study(storage=url, study_name="s").user_attrs
    assert stored["mpsearch:images"] == FINGERPRINT["images"]


@pytest.mark.parametrize(
    "url",
    [
        "redis://u:p@ss@host/db",
        "postgresql://u:sesa/me@host/db",
        "redis://host/db?user=u&password=sesame",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    with pytest.raises(SettingError) as refused:
        Address.parse(url)
    for secret in ("p@ss", "ss@", "sesa", "sesame"):
        assert secret not in str(refused.value)


def test_a_folder_that_no_url_can_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"holds a '\?'"):
        SearchBench(NumpyNetwork(), images(2)).search(tmp_path / "a?b", 1.0)


def test_greedy_goes_on_to_the_size_asked_for(tmp_path: Path) -> None:
    from mpsearch.propose.greedy import GreedyProposer
    from mpsearch.propose.history import History, Tried

    bench = SearchBench(TrainedNetwork((24, 16), 5), digits()[0][::8])
    limit = bench.engine.baseline.nbytes // 3
    goal = Goal("mean", max_nbytes=limit)
    original = bench.menu.original
    assert original is not None
    proposer = GreedyProposer(bench.menu, lambda: bench.surrogate(goal).screened, original)
    history = History(goal)
    base = bench.engine.baseline.confidence
    while suggestions := proposer.next(history):
        (found,) = bench.engine.measure([suggestions[0].plan])
        drop = float(aggregate(drops_pp(base, found.confidence), "mean"))
        tried = Tried(found.plan, found.nbytes, drop, found.confidence, found.margin, "greedy", 1)
        history.add(tried)
    assert history.best is not None
    assert history.best.nbytes <= limit
