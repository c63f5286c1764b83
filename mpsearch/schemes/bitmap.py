"""One bit per weight says which are stored."""

import numpy as np

from mpsearch.schemes.stream import Stream
from mpsearch.values.arrays import BoolArray, Symbols
from mpsearch.values.errors import SchemeError


def bitmap_of(survives: BoolArray) -> Stream:
    """The stream that marks survivors; *survives* is flat."""
    return Stream(survives.view(np.uint8), 1)


def in_place(bitmap: Stream, survivors: Stream, scheme: str) -> tuple[BoolArray, Symbols]:
    """Which weights survive, and all symbols: the survivors' in their places, zeros elsewhere.

    Raises:
        SchemeError: If the bitmap marks another number than there are; *scheme* is named.
    """
    survives = bitmap.symbols != 0
    marked = int(np.count_nonzero(survives))
    if marked != len(survivors.symbols):
        raise SchemeError(f"{scheme} marks {marked} weights and has {len(survivors.symbols)}")
    symbols = np.zeros(len(survives), dtype=survivors.symbols.dtype)
    symbols[survives] = survivors.symbols
    return survives, symbols
