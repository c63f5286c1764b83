"""What does the whole profile of VGG19, 143.7 million weights, cost?

Claims, with random weights and 1 image, documented schemes:

- per-layer + cumulative + uniform profile in at most 8 GB of memory (the process's peak);
- at least 3 times faster than ``set_weights`` and one compiled ``tf.function`` per cell. That loop
  is timed on a sample of cells of every layer, drawn with a fixed seed.

Run: python scripts/bench/vgg19.py
"""

import resource
import sys
from functools import partial
from typing import Final

import numpy as np
from loops import (
    SCHEMES,
    compiled_loop,
    cumulative,
    fresh_engine,
    load_vgg19,
    per_layer,
    require_equal,
)
from turns import timed

from mpsearch.values.plan import Plan

MEMORY: Final = 3 * 2**30  # --memory: activations and decoded weights
MOST_GB: Final = 8.0
CLAIM: Final = 3.0
SAMPLE: Final = 16


def main() -> int:
    """Measure both."""
    bench = load_vgg19(MEMORY)
    plans = per_layer(bench) + cumulative(bench)
    plans += [Plan.uniform(bench.layer_names, scheme) for scheme in SCHEMES]
    engine = fresh_engine(bench, MEMORY)
    fast, ours = timed(partial(engine.measure, plans))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    del engine
    chosen = [int(i) for i in np.random.default_rng(0).choice(len(plans), SAMPLE, replace=False)]
    some = [plans[i] for i in chosen]
    compiled = compiled_loop(bench)
    compiled(some[:1])  # compiled before it is timed
    loop, theirs = timed(lambda: compiled(some))
    require_equal(bench, [ours[i] for i in chosen], theirs)
    slow = loop * len(plans) / len(some)
    holds = slow / fast >= CLAIM and peak <= MOST_GB
    print(
        f"{len(plans)} cells in {fast:.1f} s, {slow / fast:.2f}x compiled (claim {CLAIM:g}), loop "
        f"on {len(some)} cells; peak {peak:.2f} GB (claim <= {MOST_GB:g}): "
        f"{'holds' if holds else 'FAILS'}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
