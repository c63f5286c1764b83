"""What do the uniform and cumulative parts of a profile add to the per-layer part?

Claim: uniform + per-layer + cumulative, every documented scheme, together at most 2.2 times the
per-layer part alone, on SqueezeNet 1.1 with one image.

Run: python scripts/bench/all_parts.py
"""

import statistics
import sys
from functools import partial

import numpy as np
from loops import SCHEMES, cumulative, fresh_engine, load, per_layer
from turns import timed

from mpsearch.values.plan import Plan
from mpsearch.workbench.workbench import Workbench

CLAIM = 2.2
TURNS = 3


def seconds(bench: Workbench, plans: list[Plan]) -> float:
    """Time of one engine that remembers nothing."""
    return timed(partial(fresh_engine(bench).measure, plans))[0]


def main() -> int:
    """Compare both."""
    bench = load("squeezenet11_imagenet.keras", "caffe", 1)
    layers = per_layer(bench)
    everything = layers + cumulative(bench)
    everything += [Plan.uniform(bench.layer_names, scheme) for scheme in SCHEMES]
    alone = fresh_engine(bench).measure(layers)
    among = fresh_engine(bench).measure(everything)[: len(layers)]
    worst = max(
        float(np.abs(a.confidence - b.confidence).max()) for a, b in zip(alone, among, strict=True)
    )
    if worst > 5e-6:
        raise SystemExit(f"not equal: probabilities differ by {worst:.2g}")
    pairs = [(seconds(bench, layers), seconds(bench, everything)) for _ in range(TURNS)]
    ratio = statistics.median(whole / part for part, whole in pairs)
    part = statistics.median(part for part, _ in pairs)
    print(f"per-layer alone {part:.2f} s, everything {ratio:.2f} times that (claim: <= {CLAIM})")
    return 0 if ratio <= CLAIM else 1


if __name__ == "__main__":
    sys.exit(main())
