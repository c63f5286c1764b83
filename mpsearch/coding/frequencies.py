"""How often each symbol comes, in whole shares of a power of two."""

from typing import Final

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray, Symbols

_STEP: Final = 16  # a share grows or shrinks by a sixteenth at once, one at least


def counted(symbols: Symbols, size: int) -> IntArray:
    """How often each of 0 … size − 1 comes, shape (size,)."""
    counts: IntArray = np.zeros(size, dtype=np.int64)
    for start in range(0, len(symbols), 2**20):  # bincount makes 8 bytes of every symbol
        counts += np.bincount(symbols[start : start + 2**20], minlength=size)
    return counts


def entropy_bits(counts: IntArray) -> float:
    """Bits that no coder of independent symbols goes below, for all of them together."""
    present = counts[counts > 0].astype(np.float64)
    total = present.sum()
    return float((present * np.log2(total / present)).sum()) if total else 0.0


def shares(counts: IntArray, bits: int) -> IntArray:
    """Shares of 2^bits in proportion to *counts*, none of what is there below 1.

    Args:
        counts: Counts of the symbols, shape (size,); at least 1 and at most 2^bits are positive.
        bits: Binary logarithm of the sum of the shares.

    Returns:
        Shape (size,), 0 where the count is; they sum to 2^bits.
    """
    whole = 1 << bits
    exact = counts * (whole / counts.sum())
    frequencies: IntArray = np.where(counts > 0, np.maximum(1, np.rint(exact)), 0).astype(np.int64)
    # What is left over goes where a share codes most, what is missing is taken where least.
    while (left := whole - int(frequencies.sum())) != 0:
        value = _value(counts, frequencies)
        if left > 0:
            at = int(np.argmax(value))
            frequencies[at] += min(left, max(1, int(frequencies[at]) // _STEP))
        else:
            at = int(np.argmin(np.where(frequencies > 1, value, np.inf)))
            frequencies[at] -= min(-left, max(1, (int(frequencies[at]) - 1) // _STEP))
    return frequencies


def cost_bits(counts: IntArray, frequencies: IntArray, bits: int) -> float:
    """Bits that all symbols together take when coded with *frequencies*, shares of 2^bits."""
    there = counts > 0
    return float((counts[there] * (bits - np.log2(frequencies[there]))).sum())


def _value(counts: IntArray, frequencies: IntArray) -> Float64Array:
    """What one more share is worth: the derivative of the coded length."""
    value: Float64Array = np.where(frequencies > 0, counts / np.maximum(frequencies, 1), -np.inf)
    return value
