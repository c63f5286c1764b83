"""The last check, where the engine and a plain forward pass disagree."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy_network import NumpyNetwork, images
from search_bench import SearchBench

from mpsearch.memory.input_images import InputImages
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.search.checking import Checker
from mpsearch.search.image_split import ImageSplit
from mpsearch.search.meter import Meter
from mpsearch.values.fingerprint import Fingerprint
from mpsearch.values.plan import Plan
from mpsearch.workbench.workbench import Workbench


def checker(keeps: set[tuple[str, ...]], layers: tuple[str, ...], goal: Goal) -> Checker:
    """Plain forward passes in which only some plans keep their confidence."""

    class Disagreeing(Workbench):
        def plain_forward(self, plan: Plan) -> Any:
            fall = 0.0 if plan.schemes in keeps else 1e-6
            return np.array([[0.9 - fall, 0.1 + fall]], dtype=np.float32)

    model: Any = SimpleNamespace(original=Plan.uniform(layers, "original"))
    engine: Any = SimpleNamespace(reference=np.array([0]))
    bench = Disagreeing(
        model=model,
        engine=engine,
        inputs=InputImages.kept(images(1).shape, [images(1)], 0),
        images=("a",),
        classes=("0", "1"),
        fingerprint=Fingerprint("m", "i", "r", "n"),
        memory=0,
    )
    split = ImageSplit(bench, bench, None, Meter(engine, goal.metric, np.arange(1)), None, None)
    return Checker(split, goal)


def test_rounding_does_not_hide_a_plan_that_is_feasible() -> None:
    menu = SearchBench(NumpyNetwork(), images(1)).menu
    base = np.array([0.9])
    plans = [menu.plan((option, 0, 0, 0, 0)) for option in (1, 2, 3, 4)]
    plans += [menu.plan((0, option, 0, 0, 0)) for option in (1, 2, 3)]
    plans.append(Plan.uniform(menu.layers, "original"))
    goal = Goal("mean", 0.0)
    tried = [Tried(p, 100 + i, 0.0, base, base, "x", 1) for i, p in enumerate(plans[:-1])]
    tried.append(Tried(plans[-1], 999, 0.0, base, base, "original", 0))
    found = checker({plans[-1].schemes}, menu.layers, goal).first_that_keeps(History(goal, tried))
    assert found.tried.plan == plans[-1]
    assert found.search.drop_pp == 0.0
