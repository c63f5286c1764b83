"""Schemes that store each weight for itself, in the same number of bits."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar, final

import numpy as np
import numpy.typing as npt

from mpsearch.schemes.base import Scheme, native_float32, not_finite, too_large
from mpsearch.schemes.bits import pack_bits, packed_nbytes, symbol_dtype, unpack_bits
from mpsearch.schemes.extremes import Extremes, extremes
from mpsearch.schemes.stream import Stream, StreamForm
from mpsearch.values.arrays import Float32Array, UInt8Array
from mpsearch.values.errors import SchemeError

#: Type of a weight's code.
CodeT = TypeVar("CodeT", bound=np.generic)


class Elementwise(Scheme[npt.NDArray[CodeT]]):
    """One code of :attr:`width` bits per weight, whatever the others are.

    A part of a tensor is stored and restored as that part of the whole, so that large tensors are
    packed and unpacked piece by piece.
    """

    local: ClassVar[bool] = True
    #: Magnitudes from here on cannot be stored.
    overflow: ClassVar[float] = math.inf
    #: Why, for the message.
    overflow_reason: ClassVar[str] = ""

    @property
    @abstractmethod
    def width(self) -> int:
        """Bits per weight, 1 to 32."""

    @property
    def weight_bits(self) -> int:
        """:attr:`width`."""
        return self.width

    @property
    @abstractmethod
    def code_dtype(self) -> np.dtype[CodeT]:
        """Type of the codes; as wide as the smallest unsigned integer of :attr:`width` bits."""

    def stores(self, span: Extremes) -> bool:
        """Whether it can store a tensor whose weights lie between these."""
        return span.within(self.overflow)

    def stored_nbytes(self, weights: Float32Array) -> int:
        """⌈n · width / 8⌉, once no weight is too large."""
        return packed_nbytes(self._storable(weights).size, self.width)

    @final
    def apply(self, weights: Float32Array) -> Float32Array:
        """:meth:`apply_storable`, once no weight is too large."""
        return self.apply_storable(self._storable(weights))

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """Decoded weights, by way of the codes."""
        return self.decode(self.encode(weights))

    def nbytes(self, codes: npt.NDArray[CodeT]) -> int:
        """⌈n · width / 8⌉."""
        return packed_nbytes(codes.size, self.width)

    def streams(self, codes: npt.NDArray[CodeT]) -> tuple[Stream, ...]:
        """The codes' bit patterns, in one stream."""
        flat = np.ascontiguousarray(codes).reshape(-1)
        return (Stream(flat.view(symbol_dtype(self.width)), self.width),)

    def has_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> bool:
        """One stream, one code per weight."""
        return list(forms) == [StreamForm(self.width, math.prod(shape))]

    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> npt.NDArray[CodeT]:
        """The codes whose bit patterns are in the stream."""
        self.require_forms([stream.form for stream in streams], shape)
        (only_stream,) = streams
        return only_stream.symbols.view(self.code_dtype).reshape(shape)

    def pack(self, weights: Float32Array) -> UInt8Array:
        """The packed codes of flat weights that are known to be storable."""
        (stream,) = self.streams(self.encode(weights))
        return pack_bits(stream.symbols, self.width)

    def unpack_into(self, weights: Float32Array, packed: UInt8Array) -> None:
        """Fill flat *weights* with what their packed codes decode to.

        Args:
            weights: Gets the decoded weights; its size says how many there are.
            packed: Packed codes of the weights.
        """
        symbols = unpack_bits(packed, self.width, weights.size)
        weights[...] = self.decode(symbols.view(self.code_dtype))

    def _storable(self, weights: Float32Array) -> Float32Array:
        native = native_float32(weights, self.name)
        if not self.stores(extremes(native)):
            raise self._refusal(native)
        return native

    def _refusal(self, native: Float32Array) -> SchemeError:
        """The error for a tensor that it cannot store."""
        if not extremes(native).within(math.inf):
            return not_finite(native, self.name)
        return too_large(native, self.name, self.overflow, self.overflow_reason)


#: One whose codes are its own business.
AnyElementwise: TypeAlias = Elementwise[Any]
