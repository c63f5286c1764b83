"""Do more measured plans make a budget on unseen images worse?

They do where a search takes the best of what it measured: every plan is one more chance to please
the images at hand. A sequence of tests must not. Claim: with 20, 60 and 200 plans proposed by a
sampler that knows nothing of the path, the budget is kept on the other images in at least 80 % of
the runs each, and 200 plans do not keep it less often than 20 by more than one run in ten. In the
same run, on the same images: searches whose budget speaks of the images searched on.

Run: python scripts/bench/more_plans.py [--draws K] [NETWORK…]; resnet8 where none is named.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from pools import INTEGERS, Judge, pool

import mpsearch
from mpsearch.values.choices import BudgetOn

PLANS: Final = (20, 60, 200)
IMAGES: Final = 48
BUDGETS: Final = (1.0, 2.0)
KEPT: Final = 0.8
WORSE: Final = 0.1
SAMPLER: Final = "nsga2"


def main() -> int:
    """Run, print, and return 0 if the claim holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="*", default=["resnet8"], metavar="NETWORK")
    parser.add_argument("--draws", type=int, default=10)
    args = parser.parse_args()
    drops: dict[tuple[BudgetOn, int], list[float]] = {}
    sizes: dict[tuple[BudgetOn, int], list[int]] = {}
    for network in args.networks:
        whole = pool(network, with_truth=True)
        count = len(whole.images)
        for draw in range(args.draws):
            rows = np.sort(np.random.default_rng(draw).permutation(count)[:IMAGES])
            judge = Judge(whole, np.setdiff1d(np.arange(count), rows))
            work = whole.of_images(rows)
            for budget in BUDGETS:
                with tempfile.TemporaryDirectory() as folder:
                    for budget_on in ("unseen", "search"):
                        for plans in PLANS:  # each goes on from the one before
                            result = mpsearch.find_plan(
                                work,
                                budget_pp=budget,
                                schemes=INTEGERS.split(","),
                                sampler=SAMPLER,
                                trials=plans,
                                seed=draw,
                                budget_on=budget_on,
                                holdout=None if budget_on == "unseen" else 0.0,
                                folder=Path(folder),
                                study_name=budget_on,
                                on_note=lambda _: None,
                            )
                            drop = judge.drop_pp(result.plan, "mean", None)
                            drops.setdefault((budget_on, plans), []).append(drop / budget)
                            sizes.setdefault((budget_on, plans), []).append(result.nbytes)
    print("budget on  plans   runs  kept  drop ÷ budget, median  worst   bytes, median")
    kept = {}
    for key, shares in drops.items():
        kept[key] = statistics.mean(share <= 1 for share in shares)
        print(
            f"{key[0]:10} {key[1]:5} {len(shares):6} {100 * kept[key]:4.0f}% "
            f"{statistics.median(shares):22.2f} {max(shares):6.2f} "
            f"{statistics.median(sizes[key]):15,.0f}"
        )
    enough = all(kept["unseen", plans] >= KEPT for plans in PLANS)
    no_worse = kept["unseen", PLANS[-1]] >= kept["unseen", PLANS[0]] - WORSE
    return 0 if enough and no_worse else 1


if __name__ == "__main__":
    raise SystemExit(main())
