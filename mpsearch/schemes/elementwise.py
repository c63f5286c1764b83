"""Schemes that store each weight for itself, in the same number of bits."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from mpsearch.core.arrays import Codes, Float32Array, UInt8Array
from mpsearch.core.errors import SchemeError
from mpsearch.schemes.base import Scheme
from mpsearch.schemes.bits import pack_bits, packed_nbytes, symbol_dtype, unpack_bits
from mpsearch.schemes.stream import Stream


class Elementwise(Scheme):
    """One code of :attr:`width` bits per weight, whatever the others are.

    A part of a tensor is stored and restored as that part of the whole, so that large tensors are
    packed and unpacked piece by piece.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Bits per weight, 1 to 32."""

    @property
    def code_dtype(self) -> np.dtype[np.generic]:
        """Type of the codes; as wide as the smallest unsigned integer of :attr:`width` bits."""
        return symbol_dtype(self.width)

    def nbytes(self, codes: Codes) -> int:
        """⌈n · width / 8⌉."""
        return packed_nbytes(codes.size, self.width)

    def streams(self, codes: Codes) -> tuple[Stream, ...]:
        """The codes' bit patterns, in one stream."""
        flat = np.ascontiguousarray(codes).reshape(-1)
        return (Stream(flat.view(symbol_dtype(self.width)), self.width),)

    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> Codes:
        """The codes whose bit patterns are in the stream."""
        (one,) = expect_streams(self, streams, [self.width])
        if len(one.symbols) != int(np.prod(shape, dtype=np.int64)):
            raise SchemeError(
                f"{self.name} has {len(one.symbols)} codes for a tensor of shape {shape}"
            )
        return one.symbols.view(self.code_dtype).reshape(shape)

    def pack(self, weights: Float32Array) -> UInt8Array:
        """The packed codes of flat weights that are known to be storable."""
        (stream,) = self.streams(self.encode(weights))
        return pack_bits(stream.symbols, self.width)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """Fill flat *weights* with what their packed codes decode to.

        Args:
            weights: Gets the decoded weights; its size says how many there are.
            packed: Their codes.
        """
        symbols = unpack_bits(packed, self.width, weights.size)
        weights[...] = self.decode(symbols.view(self.code_dtype))


def expect_streams(
    scheme: Scheme, streams: Sequence[Stream], widths: Sequence[int]
) -> Sequence[Stream]:
    """*streams*, once there are as many as *widths* and each is that wide.

    Raises:
        SchemeError: If not.
    """
    found = [stream.width for stream in streams]
    if found != list(widths):
        raise SchemeError(
            f"{scheme.name} stores codes of {list(widths)} bits, found codes of {found} bits"
        )
    return streams
