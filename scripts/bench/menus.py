"""How much smaller are plans from longer menus, and what do they cost on other images?

16 images searched on and 32 held back, mean drop; SqueezeNet 1.1, EfficientNet-Lite0, ResNet8 and
DoodleNet; documented, extended, and extended schemes with calibration, each with and without
entropy coding. Beside them, on the same images, LiteRT models whose weights ai-edge-quantizer has
made uniform int8 and int4.

Claims: at 1 percentage point the weights under the best plan of the extended menu take at most so
many times those of the best documented plan: SqueezeNet 0.33, Lite0 0.36, ResNet8 0.42, DoodleNet
0.52; calibrated 0.28, 0.30, 0.37, 0.46; and on Lite0, whose menu is 50 layers × 47 schemes,
finding the extended one takes at most three times as long.

Run: python scripts/bench/menus.py [--budgets 1 3] [--codings none entropy] [MODEL…]; an hour
for everything.
"""

import argparse
import contextlib
import io
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from loops import DATA, MEMORY

import mpsearch
from mpsearch.export.litert.convert import LiteRTModel, run_litert, to_litert
from mpsearch.system.silence import silenced
from mpsearch.values.choices import CODINGS, Coding
from mpsearch.workbench.held_back import ImageSetDrop, held_back
from mpsearch.workbench.workbench import Workbench

IMAGES: Final = 48
HELD: Final = 2 / 3
MODELS: Final = {  # file, preprocessing, images, claimed shares
    "squeezenet": ("squeezenet11_imagenet.keras", "caffe", "imagenet200", (0.33, 0.28)),
    "lite0": (
        "efficientnet_lite0_imagenet.keras",
        "0.0078125,-0.9921875",
        "imagenet200",
        (0.36, 0.30),
    ),
    "resnet8": ("resnet8_cifar10.keras", "raw", "cifar10_test600.npz", (0.42, 0.37)),
    "doodlenet": (
        "doodlenet_quickdraw345.keras",
        "unit",
        "quickdraw600.npz",
        (0.52, 0.46),
    ),
}
MENUS: Final = {  # menu, whether calibrated
    "documented": ("documented", False),
    "extended": ("extended", False),
    "extended, calibrated": ("extended", True),
}
SLOWER: Final = {"lite0": 3.0}
CLAIMED_BUDGET: Final = 1.0


@contextlib.contextmanager
def images(name: str) -> Iterator[list[str]]:
    """Spread over a folder, or over an archive."""
    source = DATA / "images" / name
    if source.is_dir():
        every = sorted(source.iterdir())
        yield [str(path) for path in every[:: len(every) // IMAGES][:IMAGES]]
        return
    with np.load(source) as archive, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        np.savez(path, x=archive["x"][:: len(archive["x"]) // IMAGES][:IMAGES])
        yield [str(path)]


def workbench(name: str, coding: Coding) -> Workbench:
    """One model and its images."""
    file, preprocess, folder, _ = MODELS[name]
    with images(folder) as files:
        return mpsearch.load(
            str(DATA / "models" / file),
            files,
            preprocess=preprocess,
            resize="crop",
            memory=MEMORY,
            coding=coding,
        )


def row(name: str, what: str, nbytes: int, share: str, drops: list[ImageSetDrop]) -> None:
    """Print one row of the table."""
    search, held = drops
    low, high = held.interval_pp
    agree = 100 - 100 * held.top1_changes / held.images
    print(
        f"| {name} | {what} | {nbytes:,} | {share} | {search.drop_pp:.2f} | "
        f"{held.drop_pp:.1f} ({low:.1f} to {high:.1f}) | {agree:.0f} % |",
        flush=True,
    )


def searched(name: str, budget: float, coding: Coding, folder: Path) -> bool:
    """Search under every menu; print rows; return whether the claims hold."""
    weights: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for menu, (schemes, calibrate) in MENUS.items():
        bench = workbench(name, coding)  # of its own: it remembers what it measured
        begun = time.perf_counter()
        found = mpsearch.find_plan(
            bench,
            budget_pp=budget,
            schemes=[schemes],
            calibrate=calibrate,
            holdout=HELD,
            folder=folder / menu,
            study_name=f"{name}-{menu}-{budget}-{coding}",
        )
        seconds[menu] = time.perf_counter() - begun
        weights[menu] = found.nbytes
        assert found.verify is not None
        share = f"{found.nbytes / weights['documented']:.3f}"
        what = f"{menu}{', entropy' if coding == 'entropy' else ''}, {budget:g} pp"
        total = found.nbytes + found.other_nbytes
        row(name, what, total, share, [found.search, found.verify])
    print("searched for", " and ".join(f"{t:.0f}" for t in seconds.values()), "s", flush=True)
    if budget != CLAIMED_BUDGET or coding != "none":
        return True
    shares = [weights[menu] / weights["documented"] for menu in MENUS][1:]
    slower = seconds["extended"] / seconds["documented"]
    claimed = MODELS[name][3]
    return slower <= SLOWER.get(name, math.inf) and all(
        found <= most for found, most in zip(shares, claimed, strict=True)
    )


def uniform_litert(bench: Workbench, bits: int) -> LiteRTModel:
    """The trained model with all weights as integers of *bits*, by ai-edge-quantizer."""
    from ai_edge_quantizer import Quantizer, qtyping  # noqa: PLC0415 - an extra

    layers = bench.layers
    tensors = [bench.model.network.weights(layer.index) for layer in layers]
    model = bench.model.decoded_model(bench.model.original)
    plain = to_litert(model, layers, tensors, ["float32"] * len(layers))
    weight: Any = qtyping.TensorQuantizationConfig(
        bits, True, qtyping.QuantGranularity.CHANNELWISE, qtyping.TensorDataType.INT
    )
    with silenced(1), silenced(2), contextlib.redirect_stdout(io.StringIO()):
        quantizer = Quantizer(bytearray(plain.data))
        quantizer.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=weight,
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key="min_max_uniform_quantize",
        )
        data = bytes(quantizer.quantize().quantized_model)
    return LiteRTModel(data, plain.storages, ())


def outside(name: str) -> None:
    """Print rows of the LiteRT models."""
    bench = workbench(name, "none")
    held = held_back(len(bench.images), HELD)
    kept = np.setdiff1d(np.arange(len(bench.images)), held)
    before = bench.plain_forward(bench.model.original)
    for bits in (8, 4):
        made = uniform_litert(bench, bits)
        after = bench.model.network.probabilities(run_litert(made, bench.inputs))
        drops = [
            bench.of_images(rows).drop(before[rows], after[rows], "mean") for rows in (kept, held)
        ]
        row(name, f"LiteRT, uniform int{bits} (file)", len(made.data), "-", drops)


def main() -> int:
    """Measure; return 1 if a claim does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--budgets", nargs="*", type=float, default=[1.0, 3.0])
    parser.add_argument("--codings", nargs="*", choices=CODINGS, default=list(CODINGS))
    args = parser.parse_args()
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        for name in args.models:
            for budget in args.budgets:
                for coding in args.codings:
                    holds &= searched(name, budget, coding, Path(folder))
            outside(name)
    if CLAIMED_BUDGET in args.budgets and "none" in args.codings:
        print("claims:", "hold" if holds else "DO NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
