"""Streams to bytes and back: packed, or the shortest of three codes."""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from mpsearch.coding import modelled, planes, rans
from mpsearch.core.arrays import UInt8Array
from mpsearch.core.choices import one_of
from mpsearch.core.errors import PackedError
from mpsearch.schemes.bits import pack_bits, packed_nbytes, unpack_bits
from mpsearch.schemes.stream import Stream, Symbols

#: ``none`` packs codes back to back; ``entropy`` takes the shortest code of each stream.
Coding = Literal["none", "entropy"]
CODINGS: Final[tuple[Coding, ...]] = get_args(Coding)

Method = Literal["packed", "zstd", "rans"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

#: A coded stream has at least one byte for so many symbols, so that a small file cannot claim to
#: hold a large tensor.
MOST_SYMBOLS_PER_BYTE: Final = 4096


def parse_coding(text: str) -> Coding:
    """The coding called *text*.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, CODINGS, f"unknown coding {text!r}")


@dataclass(frozen=True, slots=True, eq=False)
class CodedStream:
    """A stream as it lies in a file.

    Attributes:
        width: Bits of a symbol.
        count: How many symbols.
        method: How they are coded.
        data: The bytes.
    """

    width: int
    count: int
    method: Method
    data: UInt8Array


def code(stream: Stream, coding: Coding) -> CodedStream:
    """Code a stream: packed, or the shortest way there is; packed where another is no shorter."""
    count, width = len(stream.symbols), stream.width
    method: Method = "packed"
    shortest: UInt8Array | None = None
    if coding == "entropy":
        model = modelled.best_model(stream)
        if model is not None:
            data = modelled.encode(stream, model)
            if _is_better(len(data), stream.nbytes, count):
                method, shortest = "rans", data
        data = planes.compress(stream.symbols, width)
        if _is_better(len(data), stream.nbytes if shortest is None else len(shortest), count):
            method, shortest = "zstd", data
    if shortest is None:
        shortest = pack_bits(stream.symbols, width)
    return CodedStream(width, count, method, shortest)


def decode(coded: CodedStream) -> Symbols:
    """The symbols of a stream.

    Raises:
        PackedError: If the bytes are not the code of such a stream.
    """
    check_length(coded.width, coded.count, coded.method, len(coded.data))
    match coded.method:
        case "packed":
            return unpack_bits(coded.data, coded.width, coded.count)
        case "zstd":
            return planes.decompress(coded.data, coded.width, coded.count)
        case "rans":
            return modelled.decode(coded.data, coded.width, coded.count)


def check_length(width: int, count: int, method: Method, length: int) -> None:
    """Check how long a stream may be, before anything is allocated for it.

    Raises:
        PackedError: If it cannot be *length* bytes.
    """
    packed = packed_nbytes(count, width)
    if method == "packed":
        if length != packed:
            raise PackedError(
                f"{count} codes of {width} bits take {packed} bytes, the file says {length}"
            )
    elif length >= packed or not _holds(length, count):
        raise PackedError(f"{length} bytes cannot be {count} coded weights of {width} bits")


class CodedSizes:
    """How long codes are; equal high bits are coded once."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}

    def nbytes(self, stream: Stream) -> int:
        """Length of ``code(stream, "entropy").data``."""
        count = len(stream.symbols)
        shortest = stream.nbytes
        model = modelled.best_model(stream)
        if model is not None:
            length = modelled.nbytes_around(stream, model) + self._of_high_bits(stream, model)
            if _is_better(length, shortest, count):
                shortest = length
        length = len(planes.compress(stream.symbols, stream.width))
        return length if _is_better(length, shortest, count) else shortest

    def _of_high_bits(self, stream: Stream, model: modelled.Model) -> int:
        symbols = np.ascontiguousarray(modelled.high_symbols(stream, model))
        digest = hashlib.blake2b(symbols.data, digest_size=20)
        digest.update(model.shares.tobytes())
        key = digest.digest()
        if key not in self._known:
            self._known[key] = rans.encode(symbols, model.shares, model.precision).nbytes
        return self._known[key]


def _is_better(length: int, shortest: int, count: int) -> bool:
    return length < shortest and _holds(length, count)


def _holds(length: int, count: int) -> bool:
    return count <= MOST_SYMBOLS_PER_BYTE * length
