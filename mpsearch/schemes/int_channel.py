"""``intBc``: integers of B bits with a scale per output channel."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.schemes.per_channel import PerChannel
from mpsearch.schemes.twos_complement import codes_of, integers_of
from mpsearch.values.arrays import Float32Array, UInt8Array
from mpsearch.values.errors import SchemeError

WIDTHS: Final = range(2, 9)


class IntChannel(PerChannel):
    """B bits per weight: integers around 0, with a half-precision scale per output channel.

    A code is an integer q from −(2^(B−1) − 1) to 2^(B−1) − 1 in two's complement, its level
    q / 2^(B−1). The integer nearest to the weight is taken, ties to even.

    Args:
        width: B, 2 to 8.

    Raises:
        SchemeError: If *width* is out of range.
    """

    shares: ClassVar[tuple[float, ...]] = tuple(2 ** (-i / 5) for i in range(16))

    def __init__(self, width: int) -> None:
        if width not in WIDTHS:
            raise SchemeError(f"int{width}c is out of range: integers of 2 to 8 bits")
        half = 2 ** (width - 1)
        levels = integers_of(width) / np.float32(half)
        levels[half] = np.nan  # −2^(B−1), which has no counterpart
        super().__init__(f"int{width}c", levels)

    def _nearest(self, ratios: Float32Array) -> UInt8Array:
        self._to_integers(ratios)
        return codes_of(ratios, self.width)

    def _rounded(self, ratios: Float32Array) -> Float32Array:
        self._to_integers(ratios)
        ratios *= np.float32(2.0 ** (1 - self.width))
        return ratios

    def _to_integers(self, ratios: Float32Array) -> None:
        half = 2 ** (self.width - 1)
        np.multiply(ratios, np.float32(half), out=ratios)
        np.rint(ratios, out=ratios)
        np.clip(ratios, np.float32(1 - half), np.float32(half - 1), out=ratios)
