"""``e4m3``, ``e5m2``, ``e3m2``, ``e2m3``, ``e2m1``: floats of 8, 6 and 4 bits."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import ml_dtypes
import numpy as np

from mpsearch.schemes.bits import rounded_bits
from mpsearch.schemes.per_channel import PerChannel
from mpsearch.values.arrays import Float32Array, UInt8Array

#: Formats of the Open Compute Project's 8-bit (OFP8) and microscaling (MX) specifications.
FORMATS: Final[Mapping[str, Any]] = {
    "e5m2": ml_dtypes.float8_e5m2,
    "e4m3": ml_dtypes.float8_e4m3fn,
    "e3m2": ml_dtypes.float6_e3m2fn,
    "e2m3": ml_dtypes.float6_e2m3fn,
    "e2m1": ml_dtypes.float4_e2m1fn,
}


class SmallFloat(PerChannel):
    """A float of 8, 6 or 4 bits per weight, with a half-precision scale per output channel.

    ``eXmY`` has a sign, X exponent and Y fraction bits; its level is its value divided by the
    power of two that brings the largest value below 2. The nearest is taken, ties to even.

    Args:
        name: Name of the format, one of :data:`FORMATS`.
    """

    # A factor of 2 changes nothing but which small weights become subnormal.
    shares: ClassVar[tuple[float, ...]] = tuple(2 ** (-i / 8) for i in range(10))

    def __init__(self, name: str) -> None:
        self._dtype = FORMATS[name]
        limits: Any = ml_dtypes.finfo(self._dtype)  # type: ignore[no-untyped-call]
        self._unit = 2.0 ** math.floor(math.log2(float(limits.max)))
        patterns = np.arange(2 ** int(limits.bits), dtype=np.uint8).view(self._dtype)
        super().__init__(name, patterns.astype(np.float32) / np.float32(self._unit))
        self._dropped = 23 - int(limits.nmant)
        self._normal = np.float32(float(limits.smallest_normal) / self._unit)
        self._anchor = self._normal * np.float32(1.5 * 2**self._dropped)

    def _rounded(self, ratios: Float32Array) -> Float32Array:
        np.clip(ratios, -np.float32(self.largest), np.float32(self.largest), out=ratios)
        rounded = rounded_bits(ratios.view(np.uint32), self._dropped).view(np.float32)
        # Below the smallest normal level all levels are multiples of one step, as are the floats
        # that a large enough number is added to.
        small = np.abs(ratios) < self._normal
        np.copyto(rounded, (ratios + self._anchor) - self._anchor, where=small)
        return rounded

    def _nearest(self, ratios: Float32Array) -> UInt8Array:
        np.multiply(ratios, np.float32(self._unit), out=ratios)
        top = np.float32(self.largest * self._unit)
        np.clip(ratios, -top, top, out=ratios)
        codes: UInt8Array = ratios.astype(self._dtype).view(np.uint8)
        return codes
