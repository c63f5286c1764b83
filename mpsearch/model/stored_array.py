"""Arrays in a zip archive, measured by their headers and read a piece at a time.

``numpy.load`` makes room for whatever a header declares, and an archive of a few megabytes can
declare a hundred gigabytes. Here nothing is unpacked before its size is known from two places that
must agree: the archive's directory and the array's own header.
"""

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mpsearch.model.inspection.archive import ZIP_ERRORS

_LONGEST_HEADER: Final = 2**14  # numpy itself refuses more than 10,000 bytes
_MOST_MEMBERS: Final = 1000
_PIECE: Final = 2**20  # bytes asked of the archive at once
_ENCRYPTED: Final = 0x1
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that numpy writes

#: What ``zipfile``, ``zlib`` and numpy raise for damaged archives.
ARCHIVE_ERRORS: Final = (*ZIP_ERRORS, SyntaxError, TypeError)


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One array of an archive, of which nothing but the header has been read.

    Attributes:
        member: Name of the array in the archive.
        shape: Shape according to the array's header.
        dtype: Data type according to the array's header; never of Python objects.
        fortran: The first axis runs fastest.
        begin: Position of the array's first number in the member.
    """

    member: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    begin: int

    @property
    def nbytes(self) -> int:
        """Bytes of all numbers."""
        return self.dtype.itemsize * math.prod(self.shape)


class ArrayArchive:
    """An ``.npz`` file, open for reading.

    Args:
        file: The file.
        archive: The zip archive it is.
        members: Of the archive, by name.
    """

    def __init__(
        self, file: "_ShortReads", archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]
    ) -> None:
        self._file, self._zip, self._members = file, archive, members

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file.

        Raises:
            ValueError, OSError, …: One of :data:`ARCHIVE_ERRORS`, if it is no such archive.
        """
        file = _ShortReads(path)
        try:
            archive = zipfile.ZipFile(file)
            return cls(file, archive, _members(archive))
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def find(self, name: str) -> StoredArray | None:
        """The array called *name*, measured; None if there is none.

        Raises:
            ValueError: If it holds Python objects, or its sizes contradict each other.
        """
        info = self._members.get(f"{name}.npy", self._members.get(name))
        if info is None:
            return None
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _PACKINGS:
            raise ValueError(f"{info.filename} is encrypted, or packed as numpy never does")
        with self._zip.open(info) as member:
            start = io.BytesIO(member.read(_LONGEST_HEADER))
        version = np.lib.format.read_magic(start)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"{info.filename} is in version {version[0]} of numpy's format")
        shape, fortran, dtype = read(start)
        if dtype.hasobject:
            raise ValueError(f"{name} holds Python objects (a pickle), which are never read")
        array = StoredArray(info.filename, shape, dtype, fortran and len(shape) > 1, start.tell())
        if min(shape, default=1) < 0 or array.begin + array.nbytes != info.file_size:
            raise ValueError(
                f"{info.filename} should take {array.begin + array.nbytes:,} bytes by its shape "
                f"{shape} and type {dtype}, and takes {info.file_size:,}"
            )
        return array

    def read(self, array: StoredArray) -> npt.NDArray[Any]:
        """The whole array."""
        with self._zip.open(array.member) as member:
            _skip(member, array.begin)
            order = array.shape[::-1] if array.fortran else array.shape
            whole = _filled(member, np.empty(order, array.dtype))
        return whole.T if array.fortran else whole

    def pieces(self, array: StoredArray, rows: int) -> Iterator[npt.NDArray[Any]]:
        """The array, *rows* of its first axis at a time; at the end its checksum was right.

        Args:
            array: The array, in C order.
            rows: Number of rows in each piece but the last.
        """
        assert not array.fortran
        with self._zip.open(array.member) as member:
            _skip(member, array.begin)
            for first in range(0, array.shape[0], rows):
                count = min(rows, array.shape[0] - first)
                yield _filled(member, np.empty((count, *array.shape[1:]), array.dtype))


class _ShortReads(io.FileIO):
    """A file of which nothing is read that is long: a directory may claim to be the whole file."""

    def read(self, size: int | None = -1, /) -> bytes:
        most = _PIECE if size is None or size < 0 else size
        if most <= _PIECE:
            data = super().read(most) or b""
            if most == size or not super().read(1):
                return data
        raise ValueError("its directory is longer than that of any .npz")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise ValueError(f"it has {len(infos)} members, no .npz of images")
    members = {info.filename: info for info in infos}
    if len(members) < len(infos):
        raise ValueError("it holds two members of one name")
    return members


def _skip(member: Any, nbytes: int) -> None:
    if len(member.read(nbytes)) < nbytes:
        raise EOFError("it ends in the middle of a header")


def _filled(member: Any, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """*array* with the next numbers of a member."""
    room = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(room):
        count = member.readinto(room[done : done + _PIECE])
        if not count:
            raise EOFError("it ends in the middle of an array")
        done += count
    return array
