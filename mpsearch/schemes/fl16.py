"""``fl16``: IEEE 754 half precision."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import Scheme, native_float32, not_finite
from mpsearch.schemes.blocks import blocks

#: Magnitudes from here on round to infinity: half way between 65504, the largest half, and 65536.
OVERFLOW: Final = 65520.0
_MAGNITUDE: Final = np.uint16(0x7FFF)
_INFINITY: Final = np.uint16(0x7C00)


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
        native = native_float32(weights, self.name)
        codes = np.empty(native.shape, dtype=np.float16)
        flat, out = native.reshape(-1), codes.reshape(-1)
        patterns = out.view(np.uint16)
        for piece in blocks(flat.size):
            with np.errstate(over="ignore"):
                out[piece] = flat[piece]
            # Overflow, infinity and NaN all end in an exponent of ones.
            if (patterns[piece] & _MAGNITUDE).max() >= _INFINITY:
                raise self._refusal(native)
        return codes

    def _refusal(self, native: Float32Array) -> SchemeError:
        if not np.isfinite(native).all():
            return not_finite(native, self.name)
        bad = int(np.flatnonzero(np.abs(native) >= OVERFLOW)[0])
        return SchemeError(
            f"fl16 cannot store {native.flat[bad]} at flat index {bad} of a tensor of shape "
            f"{native.shape}: halves end at 65504; use another scheme for this layer"
        )

    def decode(self, codes: Codes) -> Float32Array:
        """Widen to float32; exact."""
        return codes.astype(np.float32)

    def nbytes(self, codes: Codes) -> int:
        """2 n."""
        return 2 * codes.size
