"""``prun_t``: weights smaller than t become 0."""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mpsearch.schemes.base import Scheme, float32_bits
from mpsearch.schemes.bitmap import bitmap_of, in_place
from mpsearch.schemes.bits import packed_nbytes
from mpsearch.schemes.blocks import each_block
from mpsearch.schemes.stream import Stream, StreamForm
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError


class Prune(Scheme[Float32Array]):
    """A bitmap and the surviving float32 weights, or all of them where that is smaller.

    Args:
        threshold: Magnitudes below it become 0; positive and finite.

    Raises:
        SchemeError: If *threshold* is not a positive number.
    """

    local: ClassVar[bool] = True

    def __init__(self, threshold: float) -> None:
        if not (math.isfinite(threshold) and threshold > 0):
            raise SchemeError(
                f"prun_{threshold} is out of range: t is the magnitude below which a weight "
                "becomes 0, a positive number such as prun_0.005"
            )
        self.threshold = float(threshold)

    @property
    def name(self) -> str:
        """``prun_t`` with t written as short as it can be."""
        return f"prun_{self.threshold!r}"

    def encode(self, weights: Float32Array) -> Float32Array:
        """A float32 copy of *weights* with the small ones set to 0."""
        native = float32_bits(weights, self.name).view(np.float32)
        codes = np.zeros(native.shape, dtype=np.float32)
        flat, out = native.reshape(-1), codes.reshape(-1)
        least = _least_survivor(self.threshold)

        def work(piece: slice) -> None:
            np.copyto(out[piece], flat[piece], where=np.abs(flat[piece]) >= least)

        each_block(flat.size, work)
        return codes

    def decode(self, codes: Float32Array) -> Float32Array:
        """A copy of *codes*."""
        return np.array(codes, dtype=np.float32)

    def apply(self, weights: Float32Array) -> Float32Array:
        """The codes are the weights."""
        return self.encode(weights)

    def nbytes(self, codes: Float32Array) -> int:
        """The smaller of 4 n and ⌈n / 8⌉ + 4 · survivors."""
        survivors = int(np.count_nonzero(codes))
        size = int(codes.size)
        return min(4 * size, packed_nbytes(size, 1) + 4 * survivors)

    def streams(self, codes: Float32Array) -> tuple[Stream, ...]:
        """One bit per weight and the survivors, or all weights where that is not larger."""
        patterns = np.ascontiguousarray(codes).reshape(-1).view(np.uint32)
        whole = Stream(patterns, 32)
        if self.nbytes(codes) == whole.nbytes:
            return (whole,)
        survives = codes.reshape(-1) != 0
        return bitmap_of(survives), Stream(patterns[survives], 32)

    def has_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> bool:
        """Those of a bitmap and at most so many survivors that all weights are not as short."""
        size = math.prod(shape)
        if len(forms) == 1:
            return forms[0] == StreamForm(32, size)
        return (
            len(forms) == 2
            and forms[0] == StreamForm(1, size)
            and forms[1].width == 32
            and packed_nbytes(size, 1) + 4 * forms[1].count < 4 * size
        )

    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> Float32Array:
        """The survivors in their places, zeros elsewhere."""
        self.require_forms([stream.form for stream in streams], shape)
        if len(streams) == 1:
            patterns = streams[0].symbols
        else:
            bitmap, survivors = streams
            _, patterns = in_place(bitmap, survivors, self.name)
        return patterns.view(np.float32).reshape(shape)


def _least_survivor(threshold: float) -> np.float32:
    """The smallest float32 that is not below *threshold*, which need not be a float32."""
    with np.errstate(over="ignore"):
        nearest = np.float32(threshold)
    return nearest if float(nearest) >= threshold else np.nextafter(nearest, np.float32(np.inf))
