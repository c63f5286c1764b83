"""How much faster than changing the model's weights plan by plan is a process that just began?

Claim: for the three analyses (every layer alone, layers 0 to i, all layers; every documented
scheme), a fresh process with the engine takes at most 1/CLAIM of what a fresh process takes with
``set_weights`` + ``predict``, on every network here.

Timed is all that comes after TensorFlow is imported and the model and the images are loaded: with
the engine cutting the network, compiling, measuring and checking the unchanged network, and all
plans; with the loop the first ``predict``, which compiles, and the others. The loop runs a stated
sample of plans, drawn with a fixed seed; the mean of all but the first stands for the rest. What
the ratio is with the import and the loading counted on both sides is printed, too.

Run: python scripts/bench/cold.py [NAME…], with the real models in MPSEARCH_REAL_DATA.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

BEGUN: Final = time.perf_counter()  # before the heavy imports

from loops import DATA, MEMORY, TOLERANCE, photographs, swapped, three_analyses  # noqa: E402

from mpsearch.engine.evaluate import Engine  # noqa: E402
from mpsearch.engine.weight_bank import WeightBank  # noqa: E402
from mpsearch.model.backend import keras  # noqa: E402
from mpsearch.model.images import find_pictures, pixel_pieces  # noqa: E402
from mpsearch.model.load import load_keras_model  # noqa: E402
from mpsearch.model.network import KerasNetwork  # noqa: E402
from mpsearch.model.preprocess import parse_preprocess  # noqa: E402
from mpsearch.model.source import find_model  # noqa: E402
from mpsearch.model.weight_layers import weight_layers  # noqa: E402
from mpsearch.values.arrays import Float32Array  # noqa: E402
from mpsearch.workbench.baseline import BaselineCheck  # noqa: E402


class Case(NamedTuple):
    """A network, one of the data folder or, with random weights, one of Keras."""

    model: str
    preprocess: str
    images: int
    claim: float


CASES: Final = {
    "squeezenet": Case("squeezenet11_imagenet.keras", "caffe", 1, 10),
    "lite0": Case("efficientnet_lite0_imagenet.keras", "0.0078125,-0.9921875", 1, 10),
    "vww96": Case("vww96_mobilenet025.keras", "unit", 1, 10),
    "resnet8": Case("resnet8_cifar10.keras", "raw", 1, 10),
    "doodlenet": Case("doodlenet_quickdraw345.keras", "unit", 1, 10),
    "mobilenet": Case("MobileNet", "tf", 1, 10),
    "mobilenetv2": Case("MobileNetV2", "tf", 1, 10),
    "vww96_16": Case("vww96_mobilenet025.keras", "unit", 16, 10),
}
TURNS: Final = 3
SAMPLE: Final = 40  # plans of the loop


@dataclass(frozen=True, slots=True)
class Layers:
    """Names of weight layers."""

    layer_names: tuple[str, ...]


class Run(NamedTuple):
    """What one process reports."""

    seconds: float
    whole: float
    plans: int
    confidence: list[list[float]]  # of the sampled plans, per image


def opened(case: Case) -> tuple[Any, Float32Array, tuple[str, ...]]:
    """The model and preprocessed images, and their names."""
    if case.model.endswith(".keras"):
        live = load_keras_model(find_model(str(DATA / "models" / case.model)), None)
    else:
        keras.utils.set_random_seed(0)
        live = getattr(keras.applications, case.model)(weights=None)
    shape = tuple(int(side) for side in live.inputs[0].shape[1:])
    pictures = find_pictures(photographs(case.images))
    pieces = pixel_pieces(pictures, (shape[0], shape[1], shape[2]), "crop", [])
    preprocess = parse_preprocess(case.preprocess)
    return live, np.concatenate([preprocess(piece) for piece in pieces]), pictures.names


def sampled(plans: list[Any]) -> list[int]:
    """Positions of the plans that both sides are compared on."""
    return [int(i) for i in np.random.default_rng(0).choice(len(plans), SAMPLE, replace=False)]


def with_engine(case: Case) -> Run:
    """The three analyses by the engine."""
    live, inputs, names = opened(case)
    begun = time.perf_counter()
    network = KerasNetwork(live)
    check = BaselineCheck(network, inputs, names, np.zeros(1, np.int64))
    bank = WeightBank(network, MEMORY // 4)
    engine = Engine.of(network, bank, inputs, None, MEMORY, on_baseline=check)
    plans = three_analyses(Layers(tuple(layer.name for layer in network.layers)))
    found = engine.measure(plans)
    end = time.perf_counter()
    some = [found[i].confidence.tolist() for i in sampled(plans)]
    return Run(end - begun, end - BEGUN, len(plans), some)


def with_loop(case: Case) -> Run:
    """A sample of them by ``set_weights`` and ``predict``."""
    live, inputs, _ = opened(case)
    layers = weight_layers(live)
    plans = three_analyses(Layers(tuple(one.layer.name for one in layers)))
    times, answers = [], []
    before = time.perf_counter() - BEGUN
    for i in sampled(plans):
        begun = time.perf_counter()
        with swapped(layers, plans[i]):
            answers.append(live.predict(inputs, verbose=0))
        times.append(time.perf_counter() - begun)
    seconds = times[0] + statistics.fmean(times[1:]) * (len(plans) - 1)
    reference = live.predict(inputs, verbose=0).argmax(axis=1)
    some = [of_class(answer, reference) for answer in answers]
    return Run(seconds, before + seconds, len(plans), some)


def of_class(answer: Any, reference: Any) -> list[float]:
    """Each image's probability of its class."""
    chosen: list[float] = answer[np.arange(len(answer)), reference].tolist()
    return chosen


def fresh(side: str, name: str) -> Run:
    """What a fresh process says."""
    words = [sys.executable, str(Path(__file__)), "--side", side, name]
    answer = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return Run(*json.loads(answer.stdout.splitlines()[-1]))


def compare(name: str, case: Case) -> bool:
    """Print one row; return whether the claim holds."""
    ratios, wholes, times = [], [], []
    plans = 0
    for turn in range(TURNS):
        order = ("engine", "loop") if turn % 2 else ("loop", "engine")
        runs = {side: fresh(side, name) for side in order}
        ours, theirs = runs["engine"], runs["loop"]
        worst = float(np.abs(np.subtract(ours.confidence, theirs.confidence)).max())
        if not worst <= TOLERANCE:
            raise SystemExit(f"{name}: not equal: probabilities differ by {worst:.2g}")
        ratios.append(theirs.seconds / ours.seconds)
        wholes.append(theirs.whole / ours.whole)
        times.append(ours.seconds)
        plans = ours.plans
    ratio = statistics.median(ratios)
    holds = ratio >= case.claim
    print(
        f"{name}: {plans} plans, {case.images} images: {statistics.median(times):.2f} s, "
        f"{ratio:.1f}x predict (claim {case.claim:g}), {statistics.median(wholes):.1f}x with "
        f"import and loading, loop on {SAMPLE} plans: {'holds' if holds else 'FAILS'}",
        flush=True,
    )
    return holds


def main() -> int:
    """Run the cases named on the command line, or all; or one side of one."""
    words = sys.argv[1:]
    if words[:1] == ["--side"]:
        keras.Model  # noqa: B018 - TensorFlow is imported here, before anything is timed
        side = {"engine": with_engine, "loop": with_loop}[words[1]]
        print(json.dumps(side(CASES[words[2]])))
        return 0
    held = [compare(name, CASES[name]) for name in words or CASES]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
