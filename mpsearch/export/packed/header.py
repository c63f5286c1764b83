"""The header of a packed file."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mpsearch.coding.coder import Method
from mpsearch.schemes.stream import StreamForm
from mpsearch.values.choices import Coding

MAGIC: Final = b"\x89MPQ\r\n\x1a\n"  # as PNG's: a transfer that changes line ends breaks it
VERSION: Final = 1
FORMAT: Final = "mpsearch-packed"
PREAMBLE: Final = len(MAGIC) + 8  # magic, length of the header, its crc32
LARGEST_HEADER: Final = 8 * 2**20

_NO_CRC: Final = "00000000"


def tensor_text(layer: str, tensor: str) -> str:
    """How a message calls a tensor of a weight layer."""
    return f"layer {layer!r} {repr(tensor)[1:-1]}"


def parameter_text(name: str) -> str:
    """How a message calls another parameter."""
    return f"parameter {name!r}"


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One stream of a tensor.

    Attributes:
        width: Bits per code.
        count: Number of codes.
        method: Lossless code of the codes.
        length: Bytes of the coded stream.
    """

    width: int
    count: int
    method: Method
    length: int

    @property
    def form(self) -> StreamForm:
        """Width and count."""
        return StreamForm(self.width, self.count)


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor of a weight layer.

    Attributes:
        layer: Name of the tensor's layer.
        tensor: Name of the tensor, for instance ``kernel``.
        scheme: Name of the tensor's scheme.
        shape: Shape of the tensor, as Keras keeps it.
        channel_axes: Axes of the tensor's output channels, counted from the last.
        offset: Position of the tensor's first byte, counted from the end of the header.
        length: Number of bytes.
        streams: Streams of codes that the bytes consist of, in order.
        calibrated: Whether the codes differ from those that the scheme alone would choose.
        crc32: CRC-32 of the bytes, hexadecimal.
    """

    layer: str
    tensor: str
    scheme: str
    shape: tuple[int, ...]
    channel_axes: tuple[int, ...]
    offset: int
    length: int
    streams: tuple[StreamEntry, ...]
    calibrated: bool
    crc32: str = _NO_CRC

    def __str__(self) -> str:
        return tensor_text(self.layer, self.tensor)


@dataclass(frozen=True, slots=True)
class OtherEntry:
    """A parameter outside weight layers, stored as it is.

    Attributes:
        name: Keras' path of the parameter.
        dtype: Data type: ``float32``, or what Keras says.
        shape: Shape of the tensor, as Keras keeps it.
        offset: Position of the tensor's first byte, counted from the end of the header.
        length: Number of bytes.
        crc32: CRC-32 of the bytes, hexadecimal.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int
    crc32: str = _NO_CRC

    def __str__(self) -> str:
        return parameter_text(self.name)


@dataclass(frozen=True, slots=True)
class Header:
    """The header.

    Attributes:
        model: Digest of the model.
        model_name: Name of the Keras model.
        coding: ``none`` or ``entropy``.
        plan: Layer → scheme.
        tensors: Entries of the weight layers' tensors, in the order of their bytes.
        others: Entries of all other parameters, whose bytes follow.
    """

    model: str
    model_name: str
    coding: Coding
    plan: Mapping[str, str]
    tensors: tuple[TensorEntry, ...]
    others: tuple[OtherEntry, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the weight layers."""
        return sum(entry.length for entry in self.tensors)

    @property
    def other_nbytes(self) -> int:
        """Bytes of all other parameters."""
        return sum(entry.length for entry in self.others)

    def with_checksums(self, crc32: list[int]) -> "Header":
        """The header with the checksums of all entries in order; its text is as long."""
        texts = iter(f"{checksum:08x}" for checksum in crc32)
        return replace(
            self,
            tensors=tuple(replace(entry, crc32=next(texts)) for entry in self.tensors),
            others=tuple(replace(entry, crc32=next(texts)) for entry in self.others),
        )

    def to_bytes(self) -> bytes:
        """Magic, length and checksum of the JSON text, and the text, as it begins a file."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "model_name": self.model_name,
            "coding": self.coding,
            "alignment": 1,
            "plan": dict(self.plan),
            "tensors": [
                {
                    "layer": entry.layer,
                    "tensor": entry.tensor,
                    "scheme": entry.scheme,
                    "shape": entry.shape,
                    "channel_axes": entry.channel_axes,
                    **({"calibrated": True} if entry.calibrated else {}),
                    "offset": entry.offset,
                    "length": entry.length,
                    "crc32": entry.crc32,
                    "streams": [[s.width, s.count, s.method, s.length] for s in entry.streams],
                }
                for entry in self.tensors
            ],
            "others": [
                {
                    "name": entry.name,
                    "dtype": entry.dtype,
                    "shape": entry.shape,
                    "offset": entry.offset,
                    "length": entry.length,
                    "crc32": entry.crc32,
                }
                for entry in self.others
            ],
        }
        text = json.dumps(document, separators=(",", ":")).encode("ascii")
        return b"".join(
            [MAGIC, len(text).to_bytes(4, "little"), zlib.crc32(text).to_bytes(4, "little"), text]
        )
