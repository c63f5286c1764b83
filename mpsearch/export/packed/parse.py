"""Read the header of an untrusted packed file."""

import json
import math
import re
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from mpsearch.coding.coder import METHODS, check_length
from mpsearch.export.packed.header import (
    FORMAT,
    LARGEST_HEADER,
    MAGIC,
    PREAMBLE,
    VERSION,
    Header,
    OtherEntry,
    StreamEntry,
    TensorEntry,
    parameter_text,
    tensor_text,
)
from mpsearch.schemes.bits import MOST
from mpsearch.values.choices import CODINGS
from mpsearch.values.errors import PackedError

_MOST_ENTRIES: Final = 100_000  # tensors; the largest networks of keras.applications have 4,000
_MOST_DIMENSIONS: Final = 8
_MOST_WEIGHTS: Final = 2**40  # of one tensor
_MOST_STREAMS: Final = 4
_LONGEST_TEXT: Final = 1000  # characters of a name
_MOST_BRACKETS: Final = 2**19  # a value takes up to thirty times the memory of its text
_CRC: Final = re.compile(r"[0-9a-f]{8}")
_ITEM: Final = {  # bytes of what Keras keeps parameters in
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
}


def read_header(file: BinaryIO, size: int) -> tuple[Header, int]:
    """The header at the beginning of *file*, checked against the file's size.

    Args:
        file: The open file, at its beginning.
        size: Size of the file, bytes.

    Returns:
        The header, and where it ends.

    Raises:
        PackedError: Names what is wrong.
    """
    start = file.read(PREAMBLE)
    if len(start) < PREAMBLE or start[: len(MAGIC)] != MAGIC:
        raise PackedError("it does not begin like a packed file")
    length = int.from_bytes(start[len(MAGIC) : len(MAGIC) + 4], "little")
    if length > min(LARGEST_HEADER, size - PREAMBLE):
        raise PackedError(
            f"it says that its header takes {length:,} bytes, of {size:,} in the file"
        )
    text = file.read(length)
    if len(text) != length or zlib.crc32(text) != int.from_bytes(start[-4:], "little"):
        raise PackedError("the checksum of the header is wrong")
    if text.count(b"[") + text.count(b"{") > _MOST_BRACKETS:
        raise PackedError("its header has too many lists and objects")
    try:
        document = json.loads(
            text.decode("ascii"), parse_constant=_refuse, object_pairs_hook=_without_repetition
        )
    except (ValueError, RecursionError) as error:
        raise PackedError(f"its header is not JSON ({error})") from error
    return _header(document, size - PREAMBLE - length), PREAMBLE + length


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key occurs twice")
    return mapping


def _header(document: Any, room: int) -> Header:
    """The header that a JSON document is.

    Args:
        document: The JSON value.
        room: Bytes that follow the header.
    """
    fields = _Fields(document, "the header")
    if fields.get("format") != FORMAT:
        raise PackedError("its header is not that of a packed file")
    version, alignment = fields.get("version"), fields.get("alignment")
    if type(version) is not int or version != VERSION:
        raise PackedError(f"its version is {_short(version)}, this program reads {VERSION}")
    if type(alignment) is not int or alignment != 1:
        raise PackedError(f"its alignment is {_short(alignment)}, expected 1")
    plan = fields.get("plan")
    if not isinstance(plan, dict) or not all(_is_name(s) for pair in plan.items() for s in pair):
        raise PackedError("its plan is not layer → scheme")
    tensors = tuple(_tensor(value) for value in fields.entries("tensors"))
    others = tuple(_other(value) for value in fields.entries("others"))
    _require_in_a_row([*tensors, *others], room)
    _require_plan(plan, tensors)
    for names in ([(t.layer, t.tensor) for t in tensors], [o.name for o in others]):
        if len(set(names)) != len(names):
            raise PackedError("it has a tensor twice")
    return Header(
        model=fields.text("model"),
        model_name=fields.text("model_name"),
        coding=fields.one_of("coding", CODINGS),
        plan=plan,
        tensors=tensors,
        others=others,
    )


def _require_in_a_row(entries: Sequence[TensorEntry | OtherEntry], room: int) -> None:
    """One after the other up to the end of the file: no holes, no overlap."""
    end = 0
    for entry in entries:
        if entry.offset != end:
            raise PackedError(f"{entry} begins at byte {entry.offset:,}, expected {end:,}")
        end += entry.length
        if end > room:
            raise PackedError(f"{entry} ends at byte {end:,} of {room:,}: the file is cut off")
    if end != room:
        raise PackedError(f"{room - end:,} bytes follow its last tensor")


def _require_plan(plan: dict[str, str], tensors: Sequence[TensorEntry]) -> None:
    if {entry.layer for entry in tensors} != set(plan):
        raise PackedError("its plan and its tensors are not of the same layers")
    for entry in tensors:
        if entry.scheme != plan[entry.layer]:
            raise PackedError(
                f"{entry} is stored as {entry.scheme!r}, its plan says {plan[entry.layer]!r}"
            )


def _tensor(value: Any) -> TensorEntry:
    fields = _Fields(value, "a tensor")
    where = tensor_text(fields.text("layer"), fields.text("tensor"))
    fields = _Fields(value, where)
    streams = tuple(_stream(stream, where) for stream in fields.entries("streams", _MOST_STREAMS))
    entry = TensorEntry(
        layer=fields.text("layer"),
        tensor=fields.text("tensor"),
        scheme=fields.text("scheme"),
        shape=fields.shape(),
        channel_axes=fields.channel_axes(),
        offset=fields.count("offset"),
        length=fields.count("length"),
        streams=streams,
        calibrated=fields.flag("calibrated"),
        crc32=fields.crc(),
    )
    if sum(stream.length for stream in streams) != entry.length:
        raise PackedError(f"{where}: its streams do not make up its {entry.length:,} bytes")
    return entry


def _stream(value: Any, where: str) -> StreamEntry:
    if not isinstance(value, list) or len(value) != 4:
        raise PackedError(f"{where}: a stream is not [width, count, method, length]")
    fields = _Fields(dict(zip(("width", "count", "method", "length"), value, strict=True)), where)
    method = fields.one_of("method", METHODS)
    width, count, length = (fields.count(key) for key in ("width", "count", "length"))
    if not 1 <= width <= MOST:
        raise PackedError(f"{where}: codes of {width} bits, expected 1 to {MOST}")
    try:
        check_length(width, count, method, length)
    except PackedError as error:
        raise PackedError(f"{where}: {error}") from error
    return StreamEntry(width, count, method, length)


def _other(value: Any) -> OtherEntry:
    fields = _Fields(value, "a parameter")
    where = parameter_text(fields.text("name"))
    fields = _Fields(value, where)
    entry = OtherEntry(
        name=fields.text("name"),
        dtype=fields.one_of("dtype", tuple(_ITEM)),
        shape=fields.shape(),
        offset=fields.count("offset"),
        length=fields.count("length"),
        crc32=fields.crc(),
    )
    if entry.length != math.prod(entry.shape) * _ITEM[entry.dtype]:
        raise PackedError(f"{where}: {entry.length:,} bytes do not fit its shape {entry.shape}")
    return entry


class _Fields:
    """A JSON object whose values are checked before they are used."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise PackedError(f"{where} is not an object")
        self._value, self._where = value, where

    def get(self, key: str) -> Any:
        return self._value.get(key)

    def text(self, key: str) -> str:
        value: str = self.get(key)
        if not _is_name(value):
            raise self._wrong(key)
        return value

    def one_of(self, key: str, allowed: tuple[Any, ...]) -> Any:
        value = self.get(key)
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(key)
        return value

    def count(self, key: str) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**52:
            raise self._wrong(key)
        return value

    def flag(self, key: str) -> bool:
        """False where it is left out."""
        value = self._value.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key)
        return value

    def crc(self) -> str:
        value = self.text("crc32")
        if not _CRC.fullmatch(value):
            raise self._wrong("crc32")
        return value

    def shape(self) -> tuple[int, ...]:
        value = self.get("shape")
        if (
            not isinstance(value, list)
            or len(value) > _MOST_DIMENSIONS
            or any(isinstance(d, bool) or not isinstance(d, int) or d < 1 for d in value)
            or math.prod(value) > _MOST_WEIGHTS
        ):
            raise self._wrong("shape")
        return tuple(value)

    def channel_axes(self) -> tuple[int, ...]:
        value = self.get("channel_axes")
        lowest = -max(2, len(self.shape()))
        if (
            not isinstance(value, list)
            or any(type(axis) is not int or not lowest <= axis < 0 for axis in value)
            or value != sorted(set(value))
        ):
            raise self._wrong("channel_axes")
        return tuple(value)

    def entries(self, key: str, most: int = _MOST_ENTRIES) -> list[Any]:
        value = self.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(key)
        return value

    def _wrong(self, key: str) -> PackedError:
        return PackedError(f"{self._where}: {key} = {_short(self._value.get(key))} is not allowed")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _short(value: Any) -> str:
    """A value as a message shows it, in one line."""
    if isinstance(value, (dict, list, str)) and len(value) > 40:
        return f"{type(value).__name__} of {len(value):,}"
    return repr(value)[:60]
