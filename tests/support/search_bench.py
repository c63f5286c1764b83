"""Everything a search needs, on a network of plain numpy and a real SQLite study."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numpy_network import NumpyNetwork, images

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.propose.surrogate.surrogate import Surrogate
from mpsearch.propose.uniform import UniformPlans
from mpsearch.search.meter import Meter
from mpsearch.search.run import Searched, make_proposer, run_search
from mpsearch.search.run_terms import Limits, RunTerms
from mpsearch.sensitivity.measure import refusals
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.study.surrogate_sampler import SurrogateSampler
from mpsearch.values.arrays import Float32Array
from mpsearch.values.choices import Metric, Sampler
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent

SCHEMES = ("original", "fl16", "bitwiseAnd_19", "bitwiseAnd_21", "fix8")
FINGERPRINT = {"model": "m", "images": "i", "reference": "r", "numerics": "n"}


def hard_bench() -> "SearchBench":
    """A network so sensitive that every sampler has to look at dozens of plans."""
    return SearchBench(NumpyNetwork(1, 2.5), images(3))


class SearchBench:
    """A network, its images, and a menu."""

    def __init__(
        self,
        network: Any,
        inputs: Float32Array,
        schemes: Sequence[str] = SCHEMES,
        rules: Rules | None = None,
        profile: SensitivityProfile | None = None,
    ) -> None:
        self.network, self.inputs, self.profile = network, inputs, profile
        self.engine = Engine.of(network, WeightBank(network, 2**24), inputs, None, 2**24)
        self.menu = Menu.of(
            self.engine.layers,
            schemes,
            refusals(self.engine, schemes),
            self.engine.bank.nbytes,
            rules,
        )

    def before_each(
        self,
        act: Callable[[Measurement], None],
        afterwards: Callable[[Measurement], None] = lambda _: None,
    ) -> None:
        """Have *act* called with every measurement before it is written down, and *afterwards*."""
        measure = self.engine.measure

        def watched(plans: Sequence[Plan], write_down: Callable[[Measurement], None]) -> Any:
            def act_and_write_down(measurement: Measurement) -> None:
                act(measurement)
                write_down(measurement)
                afterwards(measurement)

            return measure(plans, act_and_write_down)

        self.engine.measure = watched  # type: ignore[method-assign, assignment]

    def screen(self, goal: Goal) -> Screen:
        return Screen(self.engine, self.network, self.inputs, self.menu, goal.metric, self.profile)

    def surrogate(self, goal: Goal) -> Surrogate:
        return Surrogate(self.menu, goal, self.screen(goal))

    def sampler(self, goal: Goal) -> SurrogateSampler:
        return SurrogateSampler(self.menu, goal, self.screen(goal))

    def search(
        self,
        folder: Path | str,
        budget_pp: float | None = 2.0,
        *,
        metric: Metric = "mean",
        max_nbytes: int | None = None,
        kind: Sampler = "surrogate",
        trials: int | None = 60,
        name: str = "study",
        on_best: Callable[[Tried], None] = lambda _: None,
        progress: Progress | None = None,
    ) -> Searched:
        goal = Goal(metric, budget_pp if max_nbytes is None else None, max_nbytes)
        meter = Meter.of_all(self.engine, metric)
        proposer = make_proposer(kind, self.menu, goal, self.surrogate(goal), seed=1)
        url = folder if isinstance(folder, str) else sqlite_url(folder / "study.db")
        store = StudyStore.open(url, name, Identity(FINGERPRINT, self.menu, goal))
        try:
            terms = RunTerms(
                limits=Limits(trials),
                measured=store.known_elsewhere(meter.judged),
                uniform=UniformPlans.of(self.menu, goal, trials),
                progress=progress or Silent(),
                on_best=on_best,
            )
            return run_search(meter, self.menu, store, proposer, terms)
        finally:
            store.close()
