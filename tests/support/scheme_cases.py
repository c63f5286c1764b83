"""Schemes of every family, and weights that they take."""

from typing import Final

import numpy as np

from mpsearch.schemes import DOCUMENTED, EXTENDED, AnyScheme
from mpsearch.values.arrays import Float32Array

#: Schemes that store each weight for itself.
NAMES: Final = (
    *DOCUMENTED,
    "prun_0.005",
    "prun_0.1",
    "bitwiseAnd_9",
    "bitwiseAnd_15",
    "bitwiseMid_1",
    "bitwiseMid_16",
    "bitwiseMid_22",
    "fix8m",
    "bf16",
)
#: Schemes that fit numbers to a tensor.
FITTED: Final = (
    *(name for name in EXTENDED if name[:2] in {"df", "in", "km", "e2", "e3", "e4", "e5"}),
    "prun20_int4c",
    "prun50_e4m3",
    "prun35_dfix3",
    "prun99_km2",
)
#: Pruning before schemes that store each weight for itself.
PRUNED: Final = ("prun1_fix8", "prun50_fl16", "prun80_bitwiseMid_20")
LARGEST_HALF: Final = 65504.0

# Halves are scales and biases; int2c's largest scale is twice its largest weight.
_OF_FITTED: Final = np.float32(32000)
_LARGEST: Final = {"fl16": np.float32(LARGEST_HALF), "bf16": np.float32(3.38e38)}


def storable(scheme: AnyScheme, weights: Float32Array) -> Float32Array:
    """*weights* as far as *scheme* takes them: halves end earlier than floats."""
    largest = _LARGEST.get(scheme.name, _OF_FITTED if scheme.name not in NAMES else None)
    return weights if largest is None else np.clip(weights, -largest, largest)


def stored(scheme: AnyScheme, weights: Float32Array) -> Float32Array:
    return scheme.decode(scheme.encode(weights))
