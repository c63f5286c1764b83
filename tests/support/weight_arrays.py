"""Float32 weights for tests: as bits, and as Hypothesis draws them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mpsearch.values.arrays import Float32Array

ORIGINAL_PROGRAM = Path(__file__).parent.parent / "golden" / "schemes.npz"

# Enough where a test runs once for each of many schemes.
few = settings(max_examples=30, deadline=None)


def bits(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    """Bit patterns, which unlike numbers tell -0 from 0."""
    return np.ascontiguousarray(weights, dtype=np.float32).view(np.uint32)


def tensors(least: int = 0, largest: float = float(np.finfo(np.float32).max)) -> Any:
    """Finite float32 arrays of 1 to 4 dimensions, sides from *least*."""
    return hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=least, max_side=5),
        elements=st.floats(-largest, largest, width=32),
    )


def every_exponent(seed: int = 0) -> Float32Array:
    """Weights of both signs and of every exponent, subnormals and zeros among them."""
    rng = np.random.default_rng(seed)
    exponents = np.repeat(np.arange(255, dtype=np.uint32), 8)
    mantissas = rng.integers(0, 2**23, exponents.size, dtype=np.uint32)
    mantissas[::8] = 0
    signs = rng.integers(0, 2, exponents.size, dtype=np.uint32)
    drawn: Float32Array = (signs << 31 | exponents << 23 | mantissas).view(np.float32)
    return drawn
