"""Signed integers of a few bits, as codes."""

import numpy as np

from mpsearch.values.arrays import Float32Array, UInt8Array


def integers_of(width: int) -> Float32Array:
    """The integer of every code of *width* bits, shape (2^width,); the upper half is negative."""
    codes = np.arange(2**width)
    half = 2 ** (width - 1)
    signed: Float32Array = np.where(codes < half, codes, codes - 2 * half).astype(np.float32)
    return signed


def codes_of(integers: Float32Array, width: int) -> UInt8Array:
    """The code of every integer; all are whole and fit *width* bits, 8 at most."""
    codes: UInt8Array = integers.astype(np.int8).view(np.uint8)
    codes &= np.uint8(2**width - 1)
    return codes
