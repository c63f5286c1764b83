"""Does a budget hold on unseen images, and how much of it is used?

Of ten real paths of nested plans (measured_paths.py: five networks, two menus), image sets are
drawn from all images with replacement, so that the drop over all of them is the truth. A part of
each set is held back; a plan passes if the upper bound of its drop on that part is within the
budget. The walk begins at the plan whose drop on the images that fitted the path is 0.4 of the
budget (at the gentlest plan, if that one fails), goes on to smaller plans one by one, and takes
the last one before the first that fails.

A row is a network, menu, number of images and budget. Printed per bound: in how many draws of a
hundred the budget holds, overall and in the worst row; and per number of images the draws in
which it holds, and the share of the budget used (true drop of the plan by the budget), the mean
over rows of the row's median.

Claims, for the bounds of mpsearch (first of each metric), five sixths of the images held back: the
budget holds in at least 90 % of the draws, and in at least 80 % in every row.

Run: python scripts/bench/bounds.py KEPT [--draws N]; KEPT is a folder for measured paths. A
quarter of an hour the first time, then ten minutes.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from measured_paths import MENUS, MeasuredPath, measured
from pools import NETWORKS
from scipy import special

from mpsearch.propose.path.upper_bound import bound_name, upper_bound
from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric

Bounds = Callable[[Float64Array], Float64Array]

SURE: Final = 0.9
BUDGETS: Final = (0.5, 1.0, 2.0, 5.0)
SIZES: Final = (24, 48, 96, 200)
MANY: Final = (400, 800, 1600)
BEGIN: Final = 0.4
HELD: Final = 5 / 6
OVERALL: Final = 0.9
CLAIMED: Final = 3  # times as many draws: the worst of many rows is worse by chance
WORST: Final = 0.8


def t_error(losses: Float64Array, sure: float) -> Float64Array:
    """What Student's t adds to the means, losses of shape (plans, n)."""
    n = losses.shape[1]
    spread = losses.std(axis=1, ddof=1) / np.sqrt(n)
    return np.asarray(special.stdtrit(n - 1, sure) * spread)


def student(sure: float) -> Bounds:
    """Student's t."""
    return lambda losses: losses.mean(axis=1) + t_error(losses, sure)


def johnson(losses: Float64Array) -> Float64Array:
    """Student's t, corrected for skewness."""
    n, means, spread = losses.shape[1], losses.mean(axis=1), losses.std(axis=1, ddof=1)
    third = ((losses - means[:, None]) ** 3).mean(axis=1) / np.maximum(spread, 1e-12) ** 2
    t = float(special.stdtrit(n - 1, SURE))
    return np.asarray(means + t_error(losses, SURE) + third * (1 + 2 * t * t) / (6 * n))


def neighbours(losses: Float64Array) -> Float64Array:
    """Student's t, averaged over a plan and both its neighbours; at least the plan's 70 % bound."""
    own, alone = student(SURE)(losses), student(0.7)(losses)
    smooth = own.copy()
    smooth[1:-1] = (own[:-2] + own[1:-1] + own[2:]) / 3
    return np.asarray(np.maximum(smooth, alone))


def counted(bound: Callable[[Float64Array, int], Float64Array]) -> Bounds:
    """A bound of the share of images that lose, by their number."""
    return lambda losses: 100 * bound((losses > 0).sum(axis=1).astype(np.float64), losses.shape[1])


def clopper_pearson(hits: Float64Array, n: int) -> Float64Array:
    """The exact bound of a share."""
    found = special.betaincinv(hits + 1, np.maximum(n - hits, 0.5), SURE)
    return np.where(hits == n, 1.0, found)


def wilson(hits: Float64Array, n: int) -> Float64Array:
    """Wilson's bound of a share."""
    z, p = float(special.ndtri(SURE)), hits / n
    return np.asarray(
        (p + z * z / 2 / n + z * np.sqrt(p * (1 - p) / n + (z / 2 / n) ** 2)) / (1 + z * z / n)
    )


def ours(metric: Metric, free: bool = False) -> Bounds:
    """The bound of mpsearch."""
    return lambda losses: np.array([upper_bound(row, metric, SURE, free) for row in losses])


OTHERS: Final[dict[Metric, dict[str, Bounds]]] = {
    "mean": {
        "mean alone": lambda losses: losses.mean(axis=1),
        "Student's t": student(SURE),
        "Student's t, 85 %": student(0.85),
        "Johnson": johnson,
        "t, with neighbours": neighbours,
    },
    "net": {"Student's t, 85 %": student(0.85), "t, with neighbours": neighbours},
    "agreement": {
        "Clopper-Pearson": counted(clopper_pearson),
        "Wilson": counted(wilson),
        "Student's t": student(SURE),
    },
    "accuracy": {"Student's t": student(SURE)},
    "p95": {},
}


@dataclass(frozen=True)
class Row:
    """What came of one path, number of images and budget."""

    path: str
    images: int
    budget: float
    kept: float
    used: float


def walked(passes: np.ndarray, begin: int, failures: int) -> int:
    """Position of the plan taken, −1 if none.

    Args:
        passes: Whether each plan passes, shape (plans,).
        begin: Where to begin.
        failures: Consecutive ones that end the walk.
    """
    taken, failed = -1, 0
    for place in range(begin if passes[begin] else 0, len(passes)):
        failed = 0 if passes[place] else failed + 1
        if failed == failures:
            break
        taken = place if passes[place] else taken
    return taken


def rows_of(
    path: MeasuredPath,
    metric: Metric,
    bounds: Bounds,
    sizes: tuple[int, ...],
    draws: int,
    held: float,
    failures: int = 1,
    from_gentlest: bool = False,
) -> Iterator[Row]:
    """Walk a path for many image sets."""
    losses = path.losses(metric)
    true = np.percentile(losses, 95, axis=1) if metric == "p95" else losses.mean(axis=1)
    for images in sizes:
        rng = np.random.default_rng(images)
        drawn = [rng.integers(losses.shape[1], size=round(images * held)) for _ in range(draws)]
        found = [bounds(losses[:, rows]) for rows in drawn]
        for budget in BUDGETS:
            if true.max() <= budget:
                continue
            near = np.flatnonzero(path.fitted_pp <= BEGIN * budget)
            begin = int(near[-1]) if len(near) and not from_gentlest else 0
            taken = np.array([walked(bound <= budget, begin, failures) for bound in found])
            drops = np.where(taken >= 0, true[taken], 0.0)
            kept = float(np.mean(drops <= budget))
            yield Row(path.name, images, budget, kept, float(np.median(drops)) / budget)


def shown(label: str, rows: list[Row], sizes: tuple[int, ...]) -> bool:
    """Print a line; return whether the promise is kept."""
    overall = float(np.mean([row.kept for row in rows]))
    worst = min(rows, key=lambda row: row.kept)
    cells = []
    for size in sizes:
        some = [row for row in rows if row.images == size]
        kept, used = (np.mean([getattr(row, name) for row in some]) for name in ("kept", "used"))
        cells.append(f"{100 * kept:.0f} %, {used:.2f}")
    print(
        f"| {label} | {100 * overall:.1f} | {100 * worst.kept:.0f} | {' | '.join(cells)} | "
        f"{worst.path}, {worst.images} images, {worst.budget:g} pp |",
        flush=True,
    )
    return overall >= OVERALL and worst.kept >= WORST


def main() -> int:
    """Simulate; return 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kept", type=Path, metavar="KEPT", help="folder for measured paths")
    parser.add_argument("--draws", type=int, default=250, help="per path and number of images")
    args = parser.parse_args()
    paths = [measured(network, menu, args.kept) for network in NETWORKS for menu in MENUS]
    labelled = [path for path in paths if (path.truth >= 0).all()]
    holds = True

    def line(
        label: str,
        metric: Metric,
        bounds: Bounds,
        held: float = HELD,
        sizes: tuple[int, ...] = SIZES,
        draws: int = args.draws,
        failures: int = 1,
        from_gentlest: bool = False,
    ) -> bool:
        some = labelled if metric == "accuracy" else paths
        rows = [
            row
            for path in some
            for row in rows_of(path, metric, bounds, sizes, draws, held, failures, from_gentlest)
        ]
        return shown(f"{metric}, {label}", rows, sizes)

    print(
        f"| bound | held, % | worst row, % | {' | '.join(f'{n} images' for n in SIZES)} | worst |"
    )
    for metric, others in OTHERS.items():
        holds &= line(bound_name(metric), metric, ours(metric), draws=CLAIMED * args.draws)
        for label, bounds in others.items():
            line(label, metric, bounds)
    for held in (1 / 2, 2 / 3, 3 / 4, 1):
        line(f"held back {held:.2f}", "mean", ours("mean"), held)
    line("two failures end", "mean", ours("mean"), failures=2)
    line("from the gentlest plan", "mean", ours("mean"), from_gentlest=True)
    print(f"| bound | held, % | worst row, % | {' | '.join(f'{n} images' for n in MANY)} | worst |")
    for metric in OTHERS:
        few = max(2, args.draws // 25)
        same = bound_name(metric, True) == bound_name(metric)
        for free in [True] if same else [True, False]:
            line(bound_name(metric, free), metric, ours(metric, free), sizes=MANY, draws=few)
    print("claims:", "hold" if holds else "DO NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
