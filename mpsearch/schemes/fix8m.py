"""``fix8m``: stored as ``fix8``, restored to the middle of what was cut off."""

from typing import ClassVar, Final

import numpy as np

from mpsearch.schemes.fix8 import STEP, Fix8
from mpsearch.values.arrays import Float32Array

_MAGNITUDE: Final = np.arange(256) % 128
# All 256 decoded values; codes 0 and 128 stay 0 and −0.
_DECODED: Final = np.copysign(
    (_MAGNITUDE + 0.5 * (_MAGNITUDE > 0)) * STEP, np.where(np.arange(256) < 128, 1.0, -1.0)
).astype(np.float32)


class Fix8m(Fix8):
    """``fix8`` decoded at the middle of the cut interval; zero stays zero."""

    _decoded: ClassVar[Float32Array] = _DECODED

    @property
    def name(self) -> str:
        """``fix8m``."""
        return "fix8m"

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """Decoded weights, by way of the codes."""
        return self.decode(self.encode(weights))
