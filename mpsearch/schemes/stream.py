"""What a scheme stores of a tensor: integers of some widths."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mpsearch.schemes.bits import packed_nbytes

Symbols = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Unsigned integers of one width, in order.

    Attributes:
        symbols: Flat, in the smallest unsigned type that holds them, each below 2^width.
        width: Bits of each, 1 to 32.
    """

    symbols: Symbols
    width: int

    @property
    def nbytes(self) -> int:
        """Bytes when packed back to back."""
        return packed_nbytes(len(self.symbols), self.width)
