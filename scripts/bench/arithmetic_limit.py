"""How far is a per-layer profile from what the multiplications alone would take?

Claim: measured time at most 1.3 times the multiply-adds of the distinct stage runs at the speed of
the fastest plain forward pass of the same model, of any batch size; SqueezeNet 1.1 and VGG19
(random weights), 1 image, documented schemes.

Run: python scripts/bench/arithmetic_limit.py [squeezenet] [vgg19]
"""

import math
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from loops import MEMORY, fresh_engine, load, load_vgg19, per_layer
from turns import timed

from mpsearch.model.backend import tf
from mpsearch.model.network import KerasNetwork
from mpsearch.model.weight_layers import weight_layers
from mpsearch.workbench.workbench import Workbench

CLAIM: Final = 1.3
BATCHES: Final = {
    "squeezenet": (1, 4, 16, 32, 64),
    "vgg19": (1, 4, 16),  # 64 is at most 1 % faster and takes a minute
}
TURNS: Final = {"squeezenet": 5, "vgg19": 3}  # the first compiles, too; the median is not moved


class Counting:
    """A network that counts the multiply-adds it is asked for."""

    def __init__(self, network: KerasNetwork, layer_macs: Sequence[int]) -> None:
        self._network = network
        self._stage_macs = [sum(layer_macs[i] for i in s.layers) for s in network.stages]
        self.macs = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def run(self, stage: int, weights: Any, inputs: Any) -> Any:
        """Count and run."""
        # An input that is shared has fewer images; its part of the kernel is applied only to them.
        channels = [int(x.shape[-1]) for x in inputs]
        images = sum(int(x.shape[0]) * c for x, c in zip(inputs, channels, strict=True))
        self.macs += self._stage_macs[stage] * images // sum(channels)
        return self._network.run(stage, weights, inputs)

    def run_stacked(self, stage: int, sets: Any, inputs: Any, shared: bool) -> Any:
        """Count and run."""
        times = len(sets) if shared else 1
        self.macs += self._stage_macs[stage] * int(inputs[0].shape[0]) * times
        return self._network.run_stacked(stage, sets, inputs, shared)


def multiply_adds(bench: Workbench) -> list[int]:
    """Multiply-adds of every weight layer for one image."""
    found = []
    for live in weight_layers(bench.model.live):
        positions = math.prod(live.keras_layer.output.shape[1:-1])
        found.append(math.prod(live.layer.tensors[0].shape) * positions)
    return found


class Forward:
    """Keras' model, compiled, without anything of ours."""

    def __init__(self, bench: Workbench) -> None:
        model = bench.model.live
        self._forward = tf.function(lambda x: model(x, training=False))
        self._image = bench.inputs[:1]
        self._compiled: set[int] = set()

    def seconds(self, batch: int) -> float:
        """Median time for one image in a batch, of three; of fewer once they take a second."""
        x = tf.constant(np.repeat(self._image, batch, axis=0))
        if batch not in self._compiled:
            self._forward(x)
            self._compiled.add(batch)
        times: list[float] = []
        while len(times) < 3 and sum(times) < 1:
            times.append(timed(lambda: self._forward(x))[0])
        return statistics.median(times) / batch


def measure(name: str, bench: Workbench) -> bool:
    """Print one row; return whether the claim holds."""
    macs = multiply_adds(bench)
    plans = per_layer(bench)
    counting: Any = Counting(bench.model.network, macs)
    forward = Forward(bench)
    batch = min(BATCHES[name], key=forward.seconds)
    before = forward.seconds(batch)
    ratios, answers = [], []
    for _ in range(TURNS[name]):
        counting.macs = 0
        engine = fresh_engine(bench)
        engine._setup.runner._network = counting
        taken, answer = timed(partial(engine.measure, plans))
        # The machine's speed drifts within a turn: what it is before and after counts alike.
        after = forward.seconds(batch)
        forwards = counting.macs / sum(macs)
        ratios.append(taken / (forwards * (before + after) / 2))
        answers.append([m.confidence for m in answer])
        before = after
    worst = float(np.ptp(answers, axis=0).max())
    if worst > 5e-6:
        raise SystemExit(f"not equal: probabilities differ by {worst:.2g}")
    ratio = statistics.median(ratios)
    print(
        f"{name}: {len(plans)} cells are {forwards:.1f} forward passes' multiply-adds; fastest "
        f"pass {1000 * after:.2f} ms per image (batch {batch}); {ratio:.2f} "
        f"times the limit (claim <= {CLAIM}): {'holds' if ratio <= CLAIM else 'FAILS'}",
        flush=True,
    )
    return bool(ratio <= CLAIM)


def main() -> int:
    """Measure the models named on the command line, or both."""
    names = sys.argv[1:] or ["squeezenet", "vgg19"]
    makers = {
        "squeezenet": lambda: load("squeezenet11_imagenet.keras", "caffe", 1),
        "vgg19": lambda: load_vgg19(MEMORY),
    }
    held = [measure(name, makers[name]()) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
