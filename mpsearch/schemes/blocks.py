"""Work through large tensors in pieces that stay in the processor's cache."""

from collections.abc import Iterator
from typing import Final

BLOCK: Final = 2**15  # elements; a few float32 arrays of this size fit a second-level cache


def blocks(size: int) -> Iterator[slice]:
    """Consecutive slices that cover a flat array of *size* elements."""
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))
