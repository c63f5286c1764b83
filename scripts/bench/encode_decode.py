"""How long do schemes take on a layer of 100 million weights?

Claim: encode + decode at most 4 times ``numpy.copy`` of the same tensor, for every documented
scheme.

Run: python scripts/bench/encode_decode.py
"""

import sys
from functools import partial

import numpy as np
from turns import medians

from mpsearch.schemes import DOCUMENTED, AnyScheme, parse_scheme
from mpsearch.values.arrays import Float32Array

CLAIM = 4.0
WEIGHTS = 100_000_000
TURNS = 3


def encode_decode(scheme: AnyScheme, weights: Float32Array) -> Float32Array:
    """Weights as a scheme would have them."""
    return scheme.decode(scheme.encode(weights))


def main() -> int:
    """One row per scheme."""
    weights = np.random.default_rng(0).normal(0, 0.02, WEIGHTS).astype(np.float32)
    holds = True
    for name in DOCUMENTED:
        scheme = parse_scheme(name)
        part = weights[:1000]
        again = scheme.decode(scheme.encode(part))
        if not np.array_equal(scheme.decode(scheme.encode(again)), again):
            raise SystemExit(f"{name} changes what it decoded")
        both, copy = medians(TURNS, partial(encode_decode, scheme, weights), weights.copy)
        ratio = both / copy
        holds &= ratio <= CLAIM
        print(f"{name:14} {ratio:5.2f} times numpy.copy ({copy:.3f} s)", flush=True)
    print(f"claim: <= {CLAIM} for every scheme: {'holds' if holds else 'FAILS'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
