"""How much faster is a per-layer profile than changing the model's weights cell by cell?

Claims, documented schemes, against (a) ``set_weights`` + ``predict`` and (b) ``set_weights`` and
one compiled ``tf.function``: SqueezeNet 1.1 with 1 image 20x and 3x, EfficientNet-Lite0 9x and 3x,
MobileNetV1 0.5 40x and 3.5x; SqueezeNet with 16 images, every second layer, 2x against (b).

The loops run on a stated sample of cells, drawn with a fixed seed; the engine on all of them.

Run: python scripts/bench/per_layer.py [NAME…], with the real models in MPSEARCH_REAL_DATA.
"""

import statistics
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
from loops import (
    compiled_loop,
    fresh_engine,
    load,
    per_layer,
    predict_loop,
    require_equal,
)
from turns import timed


@dataclass(frozen=True, slots=True)
class Claim:
    """At least *predict* times (a) and *compiled* times (b), in the profile of *every*nth layer."""

    model: str
    preprocess: str
    images: int
    predict: float
    compiled: float
    every: int = 1


CLAIMS = {
    "squeezenet": Claim("squeezenet11_imagenet.keras", "caffe", 1, 20, 3),
    "lite0": Claim("efficientnet_lite0_imagenet.keras", "0.0078125,-0.9921875", 1, 9, 3),
    "mobilenet": Claim("mobilenetv1_050_160_dequant_imagenet.keras", "0.0078125,-1", 1, 40, 3.5),
    "squeezenet16": Claim("squeezenet11_imagenet.keras", "caffe", 16, 0, 2, every=2),
}
TURNS = 3
SAMPLE = 24  # cells of each loop


def measure(name: str, claim: Claim) -> bool:
    """Print one row; return whether the claim holds."""
    bench = load(claim.model, claim.preprocess, claim.images)
    plans = per_layer(bench, claim.every)
    chosen = np.random.default_rng(0).choice(len(plans), SAMPLE, replace=False)
    some = [plans[int(i)] for i in chosen]
    compiled = compiled_loop(bench)
    # Equal, and compiled, before anything is timed; the whole profile unless it takes long.
    ours = fresh_engine(bench).measure(some if claim.images > 1 else [*some, *plans])
    require_equal(bench, ours[:SAMPLE], predict_loop(bench, some))
    require_equal(bench, ours[:SAMPLE], compiled(some))
    times, over_a, over_b = [], [], []
    scale = len(plans) / len(some)
    for _ in range(TURNS):  # ours in the middle, so that a busy moment meets all sides
        before, _ = timed(lambda: compiled(some))
        engine = fresh_engine(bench)
        ours_seconds, _ = timed(partial(engine.measure, plans))
        after, _ = timed(lambda: compiled(some))
        times.append(ours_seconds)
        over_b.append(scale * (before + after) / 2 / ours_seconds)
        if claim.predict:
            predicted, _ = timed(lambda: predict_loop(bench, some))
            over_a.append(scale * predicted / ours_seconds)
    fast = statistics.median(times)
    a, b = statistics.median(over_a or [0.0]), statistics.median(over_b)
    holds = a >= claim.predict and b >= claim.compiled
    against = f"{a:.1f}x predict (claim {claim.predict:g}), " if claim.predict else ""
    print(
        f"{name}: {len(plans)} cells in {fast:.2f} s; {against}"
        f"{b:.2f}x compiled (claim {claim.compiled:g}), loops on {len(some)} cells: "
        f"{'holds' if holds else 'FAILS'}",
        flush=True,
    )
    return holds


def main() -> int:
    """Run the claims named on the command line, or all."""
    names = sys.argv[1:] or list(CLAIMS)
    held = [measure(name, CLAIMS[name]) for name in names]  # each is run, whatever came before
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
