"""Paths of nested plans of real networks, each plan measured once on all images of a pool.

What scripts/bench/bounds.py draws its images from. A path is made by first-order costs of a few
images, which then take no part. Measuring takes 1 to 10 minutes a path, so results are kept.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from loops import DATA, MEMORY

import mpsearch
from mpsearch.propose.knapsack import frontier
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.screen import Screen
from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.search.layer_menu import make_menu
from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.progress import Silent
from mpsearch.workbench.workbench import Workbench

FITTED: Final = 24
NETWORKS: Final = {  # file, preprocessing, images
    "resnet8": ("resnet8_cifar10.keras", "raw", "cifar10_test600.npz"),
    "doodlenet": ("doodlenet_quickdraw345.keras", "unit", "quickdraw600.npz"),
    "squeezenet": ("squeezenet11_imagenet.keras", "caffe", "imagenet200"),
    "vww96": ("vww96_mobilenet025.keras", "unit", "imagenet200"),
    "lite0": ("efficientnet_lite0_imagenet.keras", "0.0078125,-0.9921875", "imagenet200"),
}
MENUS: Final = {
    "documented": DOCUMENTED,
    "integers": menu_of(("original", "fl16", "int8c", "int7c", "int6c", "int5c", "int4c")),
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

    def losses(self, metric: str) -> Float64Array:
        """Losses in percentage points, shape (plans, images)."""
        falls = 100 * (self.before - self.after)
        right_before, right = self.top1_before == self.truth, self.top1 == self.truth
        every: dict[str, Float64Array] = {
            "mean": np.maximum(falls, 0),
            "net": falls,
            "max": falls,
            "p95": falls,
            "agreement": 100.0 * (self.top1 != self.top1_before),
            "accuracy": 100.0 * (right_before & ~right) - 100.0 * (~right_before & right),
        }
        return every[metric]


def workbench(network: str) -> Workbench:
    """A network and all images of its pool."""
    file, preprocess, images = NETWORKS[network]
    return mpsearch.load(
        str(DATA / "models" / file),
        str(DATA / "images" / images),
        preprocess=preprocess,
        resize="crop",
        memory=MEMORY,
    )


def truth_of(network: str, bench: Workbench) -> IntArray:
    """True class of every image, −1 where unknown, shape (images,)."""
    source = DATA / "images" / NETWORKS[network][2]
    if network == "vww96":
        return np.full(len(bench.images), -1)
    if source.is_file():
        with np.load(source) as archive:
            return np.asarray(archive["y"], dtype=np.int64).reshape(-1)
    index = json.loads((DATA / "labels" / "imagenet_class_index.json").read_text())
    classes = {word: int(number) for number, (word, _) in index.items()}
    names = sorted(path.name for path in source.iterdir())
    return np.array([classes[name.split("_")[0]] for name in names])


def costs_on(bench: Workbench, menu: Menu) -> list[Float64Array]:
    """Per variable, squared first-order changes of margins, shape (choices, images)."""
    screen = Screen(bench.engine, bench.model.network, bench.inputs, menu, "mean")
    cells = screen.around(None, bench.baseline.margin)
    return [np.square(change) for change in cells.change]


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
    bench = workbench(network)
    count = len(bench.images)
    fitted = np.sort(np.random.default_rng(0).permutation(count)[:FITTED])
    others = np.setdiff1d(np.arange(count), fitted)
    small = bench.of_images(fitted)
    menu = make_menu(small, MENUS[menu_name], Rules(), Silent())
    costs = [squares.mean(axis=1) for squares in costs_on(small, menu)]
    path = path_of(menu, costs)
    said = bench.measure([menu.plan(choice) for choice in path])
    before, top1_before = bench.baseline.confidence, bench.baseline.top1
    after = np.array([one.confidence for one in said])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        nbytes=np.array([menu.total(choice) for choice in path]),
        costs=np.array([sum(c[o] for c, o in zip(costs, p, strict=True)) for p in path]),
        before=before[others],
        after=after[:, others],
        top1_before=top1_before[others],
        top1=np.array([one.top1 for one in said])[:, others],
        truth=truth_of(network, bench)[others],
        fitted_pp=100 * np.maximum(before - after, 0)[:, fitted].mean(axis=1),
    )
