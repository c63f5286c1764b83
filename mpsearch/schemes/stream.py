"""Streams: the integers, of some widths, that a scheme stores of a tensor."""

from dataclasses import dataclass

from mpsearch.schemes.bits import packed_nbytes
from mpsearch.values.arrays import Symbols


@dataclass(frozen=True, slots=True)
class StreamForm:
    """A stream without its integers.

    Attributes:
        width: Bits of each.
        count: How many.
    """

    width: int
    count: int

    def __str__(self) -> str:
        return f"{self.count} codes of {self.width} bits"


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
    def form(self) -> StreamForm:
        """Width and count."""
        return StreamForm(self.width, len(self.symbols))

    @property
    def nbytes(self) -> int:
        """Bytes when packed back to back."""
        return packed_nbytes(len(self.symbols), self.width)
