"""Schemes of every family, and weights that they take."""

from typing import Final

import numpy as np

from mpsearch.core.arrays import Float32Array
from mpsearch.schemes import DOCUMENTED, Scheme

NAMES: Final = (*DOCUMENTED, "prun_0.005", "prun_0.1", "bitwiseAnd_9", "bitwiseAnd_15")
LARGEST_HALF: Final = 65504.0


def storable(scheme: Scheme, weights: Float32Array) -> Float32Array:
    """*weights* as far as *scheme* takes them: halves end earlier than floats."""
    if scheme.family == "fl16":
        return np.clip(weights, np.float32(-LARGEST_HALF), np.float32(LARGEST_HALF))
    return weights


def stored(scheme: Scheme, weights: Float32Array) -> Float32Array:
    return scheme.decode(scheme.encode(weights))
