"""``fl16``: IEEE 754 half precision."""

from typing import ClassVar

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import Scheme, float32_bits

#: Magnitudes from here on round to infinity: half way between 65504, the largest half, and 65536.
OVERFLOW = 65520.0


class Fl16(Scheme):
    """Two bytes per weight, rounded to the nearest half, ties to even."""

    family: ClassVar[str] = "fl16"

    @property
    def name(self) -> str:
        """``fl16``."""
        return "fl16"

    def encode(self, weights: Float32Array) -> Codes:
        """Round to float16.

        Raises:
            SchemeError: If a weight would become infinite.
        """
        native = float32_bits(weights, self.name).view(np.float32)
        if native.size and max(native.max(), -native.min()) >= OVERFLOW:
            bad = int(np.flatnonzero(np.abs(native) >= OVERFLOW)[0])
            raise SchemeError(
                f"fl16 cannot store {native.flat[bad]} at flat index {bad} of a tensor of shape "
                f"{native.shape}: halves end at 65504; use another scheme for this layer"
            )
        return native.astype(np.float16)

    def decode(self, codes: Codes) -> Float32Array:
        """Widen to float32; exact."""
        return codes.astype(np.float32)

    def nbytes(self, codes: Codes) -> int:
        """2 n."""
        return 2 * codes.size
