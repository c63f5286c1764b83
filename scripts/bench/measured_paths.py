"""Paths of nested plans of real networks, each plan measured once on all images of a pool.

What scripts/bench/bounds.py draws its images from. A path is made by first-order costs of a few
images, which then take no part. Measuring takes 1 to 10 minutes a path, so results are kept.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pools import INTEGERS, pool, true_classes

from mpsearch.propose.knapsack import frontier
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.path.path import costs_of, total_cost
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.search.layer_menu import make_menu
from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import ImageAnswers, losses_pp
from mpsearch.values.progress import Silent

FITTED: Final = 24
MENUS: Final = {
    "documented": DOCUMENTED,
    "integers": menu_of(INTEGERS.split(",")),
}
_LIMITS: Final = 2.0 ** (-np.arange(80) / 4)  # of the largest cost: four plans per doubling
_CELLS: Final = 600


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPath:
    """Answers of every plan of a path, gentlest first, on the images that did not fit it.

    Attributes:
        name: Network and menu.
        nbytes: Shape (plans,).
        costs: Total first-order cost of every plan, log-odds², shape (plans,).
        before: Confidence of the trained model, shape (images,), 0..1.
        after: Confidences, shape (plans, images), 0..1.
        top1_before: Shape (images,).
        top1: Shape (plans, images).
        truth: True class of every image, shape (images,); −1 where unknown.
        fitted_pp: Mean fall of every plan on the images it was fitted on, shape (plans,).
    """

    name: str
    nbytes: IntArray
    costs: Float64Array
    before: Float64Array
    after: Float64Array
    top1_before: IntArray
    top1: IntArray
    truth: IntArray
    fitted_pp: Float64Array

    def losses(self, metric: Metric) -> Float64Array:
        """Losses in percentage points, shape (plans, images)."""
        before = ImageAnswers(self.before, self.top1_before)
        return losses_pp(before, ImageAnswers(self.after, self.top1), metric, self.truth)


def path_of(menu: Menu, costs: list[Float64Array]) -> list[Choice]:
    """Plans from gentle to small: the smallest for each of many total costs."""
    most = sum(float(cost.max()) for cost in costs)
    found = {
        tuple(int(o) for o in frontier(menu.nbytes, costs, float(most * share), _CELLS)[-1])
        for share in _LIMITS
    }
    return sorted(found, key=lambda choice: -menu.total(choice))


def measured(network: str, menu_name: str, kept: Path) -> MeasuredPath:
    """Of one network and menu, from the folder *kept* where it is there."""
    file = kept / f"{network}-{menu_name}.npz"
    if not file.exists():
        _measure(network, menu_name, file)
    with np.load(file) as z:
        arrays = {name: z[name] for name in z.files}
    return MeasuredPath(f"{network}, {menu_name}", **arrays)


def _measure(network: str, menu_name: str, file: Path) -> None:
    bench = pool(network, with_truth=False)
    count = len(bench.images)
    fitted = np.sort(np.random.default_rng(0).permutation(count)[:FITTED])
    others = np.setdiff1d(np.arange(count), fitted)
    small = bench.of_images(fitted)
    menu = make_menu(small, MENUS[menu_name], Rules(), Silent())
    screen = Screen(small.engine, small.model.network, small.inputs, menu, "mean")
    costs = costs_of(screen.around(None, small.baseline.margin))
    path = path_of(menu, costs)
    said = bench.measure([menu.plan(choice) for choice in path])
    before, top1_before = bench.baseline.confidence, bench.baseline.top1
    after = np.array([one.confidence for one in said])
    truth = true_classes(network)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        nbytes=np.array([menu.total(choice) for choice in path]),
        costs=np.array([total_cost(costs, choice) for choice in path]),
        before=before[others],
        after=after[:, others],
        top1_before=top1_before[others],
        top1=np.array([one.top1 for one in said])[:, others],
        truth=(np.full(count, -1) if truth is None else truth)[others],
        fitted_pp=100 * np.maximum(before - after, 0)[:, fitted].mean(axis=1),
    )
