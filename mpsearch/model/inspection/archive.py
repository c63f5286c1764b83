"""The zip archive of a ``.keras`` file, member by member."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Self

from mpsearch.model.inspection import document
from mpsearch.model.inspection.verdict import SAVE_WHOLE, Refused
from mpsearch.model.inspection.window import Readable, Window

CONFIG: Final = "config.json"
WEIGHTS: Final = "model.weights.h5"
METADATA: Final = "metadata.json"
_KNOWN: Final = frozenset({CONFIG, WEIGHTS, METADATA})
_LARGEST_METADATA: Final = 2**20
_LARGEST_PACKED: Final = 256 * 2**20  # compressed weights are unpacked into memory
_MOST_EXPANSION: Final = 100
_FREE_EXPANSION: Final = 2**20  # small members may be zeros
_MOST_MEMBERS: Final = 1000
_PIECE: Final = 2**20
_ENCRYPTED: Final = 0x1
#: What ``zipfile`` and ``zlib`` raise for damaged archives.
ZIP_ERRORS: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, NotImplementedError),
    *(OSError, OverflowError, RuntimeError, ValueError),
)


class Archive:
    """A ``.keras`` file whose members are known, whole and of a size they may have.

    Args:
        path: The file.
        archive: The zip archive it is.
        members: Of the archive, by name.
    """

    def __init__(
        self, path: Path, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]
    ) -> None:
        self._path, self._zip, self._members = path, archive, members
        self.assets = sorted(set(members) - _KNOWN)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file that begins as a zip archive does, and read all of it once.

        Raises:
            Refused: Says which member is wrong.
        """
        try:
            archive = zipfile.ZipFile(path)
        except ZIP_ERRORS as error:
            raise _damaged(error) from None
        opened = cls(path, archive, _members(archive))
        for info in opened._members.values():
            _check_size(info)
        for info in opened._members.values():
            opened._check_sum(info)
        return opened

    def config(self) -> bytes:
        """The content of config.json."""
        return self._zip.read(CONFIG)

    def metadata(self) -> bytes:
        """The content of metadata.json; an empty object where there is none."""
        return self._zip.read(METADATA) if METADATA in self._members else b"{}"

    def size_of(self, member: str) -> int:
        """Bytes of a member, unpacked."""
        return self._members[member].file_size

    @contextmanager
    def weights(self) -> Iterator[Readable]:
        """The HDF5 file inside, open for reading; stored members are not copied."""
        info = self._members[WEIGHTS]
        if info.compress_type != zipfile.ZIP_STORED:
            yield io.BytesIO(self._zip.read(info))
            return
        with self._zip.open(info), self._path.open("rb") as file:
            yield Window(file, _data_offset(file, info), info.file_size)

    def _check_sum(self, info: zipfile.ZipInfo) -> None:
        """Read a member to its end: zipfile compares its checksum."""
        try:
            with self._zip.open(info) as member:
                while member.read(_PIECE):
                    pass
        except ZIP_ERRORS as error:
            if "CRC" in str(error):
                reason = f"is damaged: checksum of {info.filename} is wrong"
                raise Refused(reason) from None
            raise _damaged(error) from None


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise Refused(f"is a zip archive of {len(infos)} members, not a Keras model", SAVE_WHOLE)
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        if name in members:
            raise Refused(f"is a zip archive that holds {name!r} twice", SAVE_WHOLE)
        members[name] = info
    for required in (CONFIG, WEIGHTS):
        if required not in members:
            reason = f"is a zip archive without {required}, not a Keras model"
            raise Refused(reason, SAVE_WHOLE)
    for name in set(members) - _KNOWN:
        if not _is_asset(name):
            reason = f"is a zip archive that holds {name!r}, which is no part of a Keras model"
            raise Refused(reason, SAVE_WHOLE)
    return members


def _is_asset(name: str) -> bool:
    """Whether a member lies in the folder where Keras keeps vocabularies and the like."""
    parts = PurePosixPath(name).parts
    return (
        len(parts) > 1
        and parts[0] == "assets"
        and ".." not in parts
        and not set(name) & {"\\", ":", "\0"}
    )


def _check_size(info: zipfile.ZipInfo) -> None:
    name, size, stored = info.filename, info.file_size, info.compress_size
    if info.flag_bits & _ENCRYPTED:
        raise Refused(f"is encrypted ({name})", SAVE_WHOLE)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refused(f"is compressed in an unusual way ({name})", SAVE_WHOLE)
    if info.compress_type == zipfile.ZIP_STORED:
        if size != stored:
            raise Refused(f"is damaged: {name} has two sizes, {size:,} and {stored:,} bytes")
    elif name == WEIGHTS and size > _LARGEST_PACKED:
        raise Refused(f"has compressed weights of {size:,} bytes", SAVE_WHOLE)
    if size > _FREE_EXPANSION and size > _MOST_EXPANSION * stored:
        raise Refused(f"unpacks {stored:,} bytes of {name} to {size:,}", SAVE_WHOLE)
    most = {CONFIG: document.LARGEST, WEIGHTS: None}.get(name, _LARGEST_METADATA)
    if most is not None and size > most:
        raise Refused(f"has a {name} of {size:,} bytes; at most {most:,} are read", SAVE_WHOLE)


def _data_offset(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin: after its header, name and extra field."""
    file.seek(info.header_offset + 26)
    lengths = file.read(4)
    name, extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
    return info.header_offset + 30 + name + extra


def _damaged(error: Exception) -> Refused:
    return Refused(f"is truncated or damaged ({error})")
