"""Streams to bytes and back: packed, or the shortest of three codes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from mpsearch.coding import modelled, packed, planes, rans
from mpsearch.schemes.bits import pack_bits, packed_nbytes
from mpsearch.schemes.stream import Stream
from mpsearch.values.arrays import Symbols, UInt8Array
from mpsearch.values.choices import Coding
from mpsearch.values.errors import PackedError

Method = Literal["packed", "zstd", "rans"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

#: A coded stream has at least one byte for so many symbols, so that a small file cannot claim to
#: hold a large tensor.
MOST_SYMBOLS_PER_BYTE: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class CodedStream:
    """A stream as it lies in a file.

    Attributes:
        width: Bits per symbol.
        count: Number of symbols.
        method: How they are coded.
        data: The bytes.
    """

    width: int
    count: int
    method: Method
    data: UInt8Array


def code(stream: Stream, coding: Coding) -> CodedStream:
    """Code a stream: packed, or the shortest way there is; packed where another is no shorter."""
    codes: dict[Method, UInt8Array] = {}
    if coding == "entropy":
        model = modelled.best_model(stream)
        if model is not None:
            codes["rans"] = modelled.encode(stream, model)
        codes["zstd"] = planes.compress(stream.symbols, stream.width)
    method, _ = _shortest(stream, {name: len(data) for name, data in codes.items()})
    data = pack_bits(stream.symbols, stream.width) if method == "packed" else codes[method]
    return CodedStream(stream.width, len(stream.symbols), method, data)


def decode(coded: CodedStream) -> Symbols:
    """The symbols of a stream.

    Raises:
        PackedError: If the bytes are not the code of such a stream.
    """
    check_length(coded.width, coded.count, coded.method, len(coded.data))
    match coded.method:
        case "packed":
            return packed.unpack(coded.data, coded.width, coded.count)
        case "zstd":
            return planes.decompress(coded.data, coded.width, coded.count)
        case "rans":
            return modelled.decode(coded.data, coded.width, coded.count)


def check_length(width: int, count: int, method: Method, length: int) -> None:
    """Check how long a stream may be, before anything is allocated for it.

    Raises:
        PackedError: If it cannot be *length* bytes.
    """
    whole = packed_nbytes(count, width)
    if method == "packed":
        if length != whole:
            raise PackedError(
                f"{count} codes of {width} bits take {whole} bytes, the file says {length}"
            )
    elif length >= whole or not _holds(length, count):
        raise PackedError(f"{length} bytes cannot be {count} coded weights of {width} bits")


class CodedSizes:
    """How long codes are; equal high bits are coded once."""

    def __init__(self) -> None:
        self._sizes: dict[bytes, int] = {}

    def nbytes(self, stream: Stream) -> int:
        """Length of ``code(stream, "entropy").data``."""
        lengths: dict[Method, int] = {}
        model = modelled.best_model(stream)
        if model is not None:
            around = modelled.nbytes_around(stream, model)
            lengths["rans"] = around + self._of_high_bits(stream, model)
        lengths["zstd"] = len(planes.compress(stream.symbols, stream.width))
        _, shortest = _shortest(stream, lengths)
        return shortest

    def _of_high_bits(self, stream: Stream, model: modelled.Model) -> int:
        symbols = np.ascontiguousarray(modelled.high_symbols(stream, model))
        digest = hashlib.blake2b(symbols.data, digest_size=20)
        digest.update(model.shares.tobytes())
        key = digest.digest()
        if key not in self._sizes:
            self._sizes[key] = rans.encode(symbols, model.shares, model.precision).nbytes
        return self._sizes[key]


def _shortest(stream: Stream, lengths: Mapping[Method, int]) -> tuple[Method, int]:
    """The method of the shortest code, and its length; ``packed`` where none is shorter."""
    best: tuple[Method, int] = "packed", stream.nbytes
    for method, length in lengths.items():
        if length < best[1] and _holds(length, len(stream.symbols)):
            best = method, length
    return best


def _holds(length: int, count: int) -> bool:
    return count <= MOST_SYMBOLS_PER_BYTE * length
