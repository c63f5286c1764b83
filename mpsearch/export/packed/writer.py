"""Write a packed file."""

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from mpsearch.coding.coder import CodedStream, code
from mpsearch.export.packed.header import Header, OtherEntry, StreamEntry, TensorEntry
from mpsearch.export.packed.parse import read_header
from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.schemes.base import native_float32
from mpsearch.schemes.blocks import each_block_in_order
from mpsearch.schemes.elementwise import AnyElementwise, Elementwise
from mpsearch.system.files import write_with
from mpsearch.values.arrays import Codes, Float32Array, UInt8Array
from mpsearch.values.choices import Coding
from mpsearch.values.errors import ModelError, PackedError, SchemeError
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan


class Parameter(Protocol):
    """A parameter outside weight layers."""

    @property
    def name(self) -> str:
        """Keras' path of it."""

    @property
    def dtype(self) -> str:
        """Data type, as Keras names it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape, as Keras keeps it."""

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""

    def data(self) -> UInt8Array:
        """Bytes of the values, little-endian."""


_Write = Callable[[UInt8Array], object]


@dataclass(frozen=True, slots=True)
class PackedSizes:
    """Sizes of a packed file's parts.

    Attributes:
        nbytes: Bytes of the weight layers.
        other_nbytes: Bytes of all other parameters.
        header_nbytes: Bytes of the header.
    """

    nbytes: int
    other_nbytes: int
    header_nbytes: int

    @property
    def file_nbytes(self) -> int:
        """Bytes of the file."""
        return self.nbytes + self.other_nbytes + self.header_nbytes


@dataclass(frozen=True, slots=True, eq=False)
class PackedContents:
    """What goes into a packed file.

    Attributes:
        model: Digest of the model.
        model_name: Name of the Keras model.
        layers: The weight layers.
        weights: Function from a layer's index to its trained tensors.
        plan: One scheme per layer.
        others: All parameters outside weight layers.
        coding: How codes are packed.
        codes: Function from a layer's index and a scheme to the codes of its tensors; None where
            the scheme chooses them.
    """

    model: str
    model_name: str
    layers: Sequence[WeightLayer]
    weights: Callable[[int], tuple[Float32Array, ...]]
    plan: Plan
    others: Sequence[Parameter] = ()
    coding: Coding = "none"
    codes: Callable[[int, str], tuple[Codes, ...] | None] = lambda _layer, _scheme: None


def write_packed(
    path: Path,
    contents: PackedContents,
    on_layer: Callable[[str], None] = lambda _: None,
    within: Path | None = None,
) -> PackedSizes:
    """Write a plan's codes and all other parameters, whole or not at all.

    Args:
        path: The file.
        contents: What goes into it.
        on_layer: Called with the name of every layer just written.
        within: The folder that the user named; see :func:`~mpsearch.system.files.write_with`.

    Raises:
        SchemeError: If a scheme refuses a layer's weights.
        ModelError: If it has a parameter that a packed file cannot hold.
        SettingError: If a folder inside *within* is a symbolic link.
        EnvironmentFault: If the disk refuses; a file already there stays whole.
    """
    plan, coding = contents.plan, contents.coding
    parts: list[tuple[str, _Part]] = []
    entries: list[TensorEntry] = []
    end = 0
    for layer, scheme_name in zip(contents.layers, plan.schemes, strict=True):
        parsed = parse_scheme(scheme_name)
        given = contents.codes(layer.index, scheme_name)
        for i, (tensor, array) in enumerate(
            zip(layer.tensors, contents.weights(layer.index), strict=True)
        ):
            scheme = parsed.along(tensor.channel_axes)
            try:
                if given is None:
                    part = _part(scheme, array, coding)
                else:
                    part = _part_of_codes(scheme, given[i], coding)
            except SchemeError as error:
                raise SchemeError(f"layer {layer.name!r} {tensor.name}: {error}") from error
            length = sum(stream.length for stream in part.streams)
            entries.append(
                TensorEntry(
                    layer.name,
                    tensor.name,
                    scheme.name,
                    array.shape,
                    tensor.channel_axes,
                    end,
                    length,
                    part.streams,
                    given is not None,
                )
            )
            parts.append((layer.name, part))
            end += length
    other_entries = []
    for parameter in contents.others:
        other_entries.append(
            OtherEntry(parameter.name, parameter.dtype, parameter.shape, end, parameter.nbytes)
        )
        end += parameter.nbytes
    header = Header(
        contents.model,
        contents.model_name,
        coding,
        plan.as_mapping(),
        tuple(entries),
        tuple(other_entries),
    )

    start = _readable_nbytes(header, end)
    sizes = PackedSizes(header.nbytes, header.other_nbytes, start)

    def write(file: BinaryIO) -> None:
        file.seek(start)
        checksums = []
        for name, part in parts:
            checksums.append(_written(file, part.write))
            on_layer(name)
        checksums += [_written(file, _whole(other.data())) for other in contents.others]
        file.seek(0)
        file.write(header.with_checksums(checksums).to_bytes())
        file_nbytes = file.seek(0, os.SEEK_END)
        if file_nbytes != sizes.file_nbytes:
            raise RuntimeError(f"{path}: {file_nbytes} bytes written, {sizes.file_nbytes} counted")

    write_with(path, write, within)
    return sizes


def _readable_nbytes(header: Header, body_nbytes: int) -> int:
    """Bytes of a header, once it is known that a reader takes it.

    Raises:
        ModelError: Names what a packed file cannot hold.
    """
    text = header.to_bytes()
    try:
        read_header(BytesIO(text), len(text) + body_nbytes)
    except PackedError as error:
        raise ModelError(
            f"a packed file cannot hold this model ({error}); export it as keras instead"
        ) from error
    return len(text)


@dataclass(frozen=True, slots=True)
class _Part:
    """A tensor's bytes: what they are, and how to get them."""

    streams: tuple[StreamEntry, ...]
    write: Callable[[_Write], object]


def _part(scheme: AnyScheme, array: Float32Array, coding: Coding) -> _Part:
    if not array.size:
        raise SchemeError(f"a tensor of shape {array.shape} holds nothing; remove it")
    if isinstance(scheme, Elementwise) and coding == "none":
        length = scheme.stored_nbytes(array)  # refuses now rather than in the middle of the file
        entry = StreamEntry(scheme.width, array.size, "packed", length)
        return _Part((entry,), lambda write: _write_in_pieces(scheme, array, write))
    return _part_of_codes(scheme, scheme.encode(array), coding)


def _part_of_codes(scheme: AnyScheme, codes: Codes, coding: Coding) -> _Part:
    coded = [code(stream, coding) for stream in scheme.streams(codes)]
    streams = tuple(StreamEntry(c.width, c.count, c.method, len(c.data)) for c in coded)
    return _Part(streams, lambda write: _write_all(coded, write))


def _write_all(coded: Iterable[CodedStream], write: _Write) -> None:
    for stream in coded:
        write(stream.data)


def _write_in_pieces(scheme: AnyElementwise, array: Float32Array, write: _Write) -> None:
    """Without holding all of a large tensor's codes."""
    flat = native_float32(array, scheme.name).reshape(-1)

    each_block_in_order(
        flat.size, lambda piece: flat[piece], lambda _, few: scheme.pack(few), write
    )


def _whole(data: UInt8Array) -> Callable[[_Write], object]:
    return lambda write: write(data)


def _written(file: BinaryIO, produce: Callable[[_Write], object]) -> int:
    """Write what *produce* gives, and return its checksum."""
    checksum = 0

    def write(data: UInt8Array) -> None:
        nonlocal checksum
        checksum = zlib.crc32(data.data, checksum)
        file.write(data.data)

    produce(write)
    return checksum
