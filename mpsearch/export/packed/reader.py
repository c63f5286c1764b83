"""Read a packed file, tensor by tensor."""

import contextlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mpsearch.coding.coder import CodedStream, decode
from mpsearch.coding.packed import require_no_rest
from mpsearch.export.packed.header import Header, OtherEntry, TensorEntry
from mpsearch.export.packed.parse import read_header
from mpsearch.memory.aligned import aligned_empty
from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.schemes.bits import packed_nbytes
from mpsearch.schemes.blocks import each_block_in_order
from mpsearch.schemes.elementwise import AnyElementwise, Elementwise
from mpsearch.schemes.stream import Stream
from mpsearch.values.arrays import Codes, Float32Array, UInt8Array
from mpsearch.values.errors import MPSearchError, PackedError


class PackedFile:
    """An open packed file.

    Args:
        path: Its name.
        file: Its bytes.
        header: What it says of itself.
        header_nbytes: Bytes before the first tensor.
        nbytes: Bytes of the file.

    Attributes:
        path: Its name.
        header: What it says of itself.
        header_nbytes: Bytes before the first tensor.
        file_nbytes: Bytes of the file.
    """

    def __init__(
        self, path: Path, file: io.BufferedReader, header: Header, header_nbytes: int, nbytes: int
    ) -> None:
        self.path, self._file = path, file
        self.header, self.header_nbytes, self.file_nbytes = header, header_nbytes, nbytes

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file, and read its header.

        Raises:
            PackedError: If it cannot be read, or is no packed file.
        """
        try:
            there = path.is_file()
            if there:
                file = path.open("rb")
        except (OSError, ValueError) as error:
            raise _fault(path, f"it cannot be opened ({error}); check the path") from error
        if not there:
            raise _fault(path, "no such file; give a .mpq file")
        try:
            nbytes = path.stat().st_size
            return cls(path, file, *read_header(file, nbytes), nbytes)
        except PackedError as error:
            file.close()
            raise _fault(path, f"{error}; export it again") from error
        except OSError as error:
            file.close()
            raise _fault(path, f"it cannot be read ({error.strerror}); check the disk") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def weights(self, entry: TensorEntry) -> Float32Array:
        """The decoded weights of a tensor.

        Raises:
            PackedError: If its bytes are damaged, or are not what its scheme stores.
        """
        with self._faults_of(entry):
            return self._decoded(entry, _scheme_of(entry))

    def codes(self, entry: TensorEntry) -> Codes:
        """What is stored of a tensor, as its scheme has it.

        Raises:
            PackedError: As :meth:`weights`.
        """
        with self._faults_of(entry):
            scheme = _scheme_of(entry)
            codes = self._codes(entry, scheme)
            _require_finite(_all_finite(scheme.decode(codes).reshape(-1)))
            return codes

    def other(self, entry: OtherEntry) -> UInt8Array:
        """The bytes of another parameter, little-endian.

        Raises:
            PackedError: If they are damaged.
        """
        with self._faults_of(entry):
            return self._bytes(entry)

    @contextlib.contextmanager
    def _faults_of(self, entry: TensorEntry | OtherEntry) -> Iterator[None]:
        """Errors name the file and the tensor."""
        try:
            yield
        except MPSearchError as error:
            raise _fault(self.path, f"{entry}: {error}; export it again") from error
        except OSError as error:
            raise _fault(self.path, f"{entry} cannot be read ({error}); check the disk") from error

    def _decoded(self, entry: TensorEntry, scheme: AnyScheme) -> Float32Array:
        single = len(entry.streams) == 1 and entry.streams[0].method == "packed"
        if single and isinstance(scheme, Elementwise):
            scheme.require_forms([stream.form for stream in entry.streams], entry.shape)
            return self._decoded_in_pieces(entry, scheme)
        weights = scheme.decode(self._codes(entry, scheme))
        _require_finite(_all_finite(weights.reshape(-1)))
        return weights

    def _codes(self, entry: TensorEntry, scheme: AnyScheme) -> Codes:
        scheme.require_forms([stream.form for stream in entry.streams], entry.shape)
        data = self._bytes(entry)
        streams, at = [], 0
        for stream in entry.streams:
            piece = data[at : at + stream.length]
            at += stream.length
            coded = CodedStream(stream.width, stream.count, stream.method, piece)
            streams.append(Stream(decode(coded), stream.width))
        return scheme.codes(streams, entry.shape)

    def _decoded_in_pieces(self, entry: TensorEntry, scheme: AnyElementwise) -> Float32Array:
        """Without holding all of a large tensor's bytes beside its weights."""
        (stream,) = entry.streams
        size = stream.count
        weights = aligned_empty(entry.shape)
        flat = weights.reshape(-1)
        self._file.seek(self.header_nbytes + entry.offset)
        checksum, finite, tail = 0, True, np.empty(0, np.uint8)

        def read(piece: slice) -> UInt8Array:
            nonlocal checksum, tail
            data = np.empty(packed_nbytes(piece.stop - piece.start, stream.width), np.uint8)
            if self._file.readinto(data.data) != len(data):
                raise PackedError("the file ends in it")
            checksum, tail = zlib.crc32(data.data, checksum), data[-1:]
            return data

        def work(piece: slice, data: UInt8Array) -> None:
            nonlocal finite
            scheme.unpack_into(flat[piece], data)
            finite = finite and _all_finite(flat[piece])

        each_block_in_order(size, read, work, lambda _: None)
        _require_checksum(checksum, entry)
        require_no_rest(tail, stream.width, size)
        _require_finite(finite)
        return weights

    def _bytes(self, entry: TensorEntry | OtherEntry) -> UInt8Array:
        data = np.empty(entry.length, dtype=np.uint8)
        self._file.seek(self.header_nbytes + entry.offset)
        if self._file.readinto(data.data) != entry.length:
            raise PackedError("the file ends in it")
        _require_checksum(zlib.crc32(data.data), entry)
        return data


def _scheme_of(entry: TensorEntry) -> AnyScheme:
    return parse_scheme(entry.scheme).along(entry.channel_axes)


def _require_checksum(checksum: int, entry: TensorEntry | OtherEntry) -> None:
    if f"{checksum:08x}" != entry.crc32:
        raise PackedError("its checksum is wrong: the file is damaged")


def _all_finite(weights: Float32Array) -> bool:
    return not weights.size or bool(np.isfinite(weights.max()) and np.isfinite(weights.min()))


def _require_finite(finite: bool) -> None:
    if not finite:
        raise PackedError("it holds a weight that is NaN or infinite")


def _fault(path: Path, text: str) -> PackedError:
    return PackedError(f"packed file {str(path)!r}: {text}")
