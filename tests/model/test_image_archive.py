"""Archives of images that lie, or would fill memory; and how little memory honest ones take."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpsearch.model.image_archive import read_archive
from mpsearch.model.images import find_pictures, pixel_pieces
from mpsearch.values.errors import ImageError

MEBI = 2**20


def header(shape: tuple[int, ...], dtype: str = "|u1", fortran: bool = False) -> bytes:
    """Of a .npy file."""
    out = io.BytesIO()
    described = {"descr": dtype, "fortran_order": fortran, "shape": shape}
    np.lib.format.write_array_header_1_0(out, described)
    return out.getvalue()


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def packed(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


IMAGE = npy(np.zeros((2, 4, 4, 3), np.uint8))


def claims(path: Path, declared: tuple[int, ...], said: int | None = None) -> Path:
    """An archive whose header declares a shape, and whose directory says *said* bytes."""
    start = header(declared, "<f8")
    packed(path, {"x.npy": start + bytes(1000)})
    if said is not None:
        data = bytearray(path.read_bytes())
        entry = data.rindex(b"PK\x01\x02")
        data[entry + 24 : entry + 28] = struct.pack("<I", said)
        path.write_bytes(data)
    return path


def long_header(path: Path) -> Path:
    """Two gigabytes of spaces in a header; the archive itself is small."""
    start = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b" " * (4 * MEBI)
    return packed(path, {"x.npy": start})


def long_directory(path: Path) -> Path:
    packed(path, {"x.npy": IMAGE})
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    entries = bytes(data[data.rindex(b"PK\x01\x02") : end])
    count = 3 * MEBI // len(entries)
    data[end:end] = entries * (count - 1)
    tail = len(data) - 22
    data[tail + 8 : tail + 16] = struct.pack("<HHI", 1, 1, len(entries) * count)
    path.write_bytes(data)
    return path


def twice(path: Path) -> Path:
    data = packed(path, {"x.npy": IMAGE, "y.npy": IMAGE}).read_bytes()
    path.write_bytes(data.replace(b"y.npy", b"x.npy"))
    return path


def encrypted(path: Path) -> Path:
    packed(path, {"x.npy": IMAGE})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    return path


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "more than there is": (lambda p: claims(p, (10000, 384, 384, 3)), "should take"),
    "directory and header agree on another size": (
        lambda p: claims(p, (2, 3, 4, 3), said=len(header((2, 3, 4, 3), "<f8")) + 576),
        "damaged",
    ),
    "directory says less": (lambda p: claims(p, (5, 5, 5), said=500), "CRC"),
    "shape overflows": (lambda p: claims(p, (2**62, 4, 4, 3)), "should take"),
    "negative shape": (lambda p: claims(p, (-1, 4, 4, 3)), "x.npy"),
    "long header": (long_header, "damaged"),
    "long directory": (long_directory, "directory is longer"),
    "two x": (twice, "two members of one name"),
    "encrypted": (encrypted, "encrypted"),
    "lzma": (
        lambda p: packed(p, {"x.npy": IMAGE}, zipfile.ZIP_LZMA),
        "packed as numpy never does",
    ),
    "format 3": (
        lambda p: packed(p, {"x.npy": b"\x93NUMPY\x03\x00" + IMAGE[8:]}),
        "version 3",
    ),
    "a thousand members": (
        lambda p: packed(p, {f"{i}.npy": b"" for i in range(1001)}),
        "1001 members",
    ),
    "code in a header": (
        lambda p: packed(
            p, {"x.npy": b"\x93NUMPY\x01\x00\x20\x00__import__('os').getpid()".ljust(48)}
        ),
        "damaged",
    ),
    "a record": (lambda p: packed(p, {"x.npy": npy(np.zeros(3, "i4,f4"))}), "finite numbers"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_in_one_line_and_little_memory(
    tmp_path: Path, name: str
) -> None:
    make, says = HOSTILE[name]
    path = make(tmp_path / "x.npz")
    tracemalloc.start()
    try:
        with pytest.raises(ImageError) as caught:
            find_pictures([str(path)])
        assert tracemalloc.get_traced_memory()[1] < 12 * MEBI
    finally:
        tracemalloc.stop()
    assert says in str(caught.value)
    assert "x.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


def huge(path: Path, shape: tuple[int, ...], dtype: str, fortran: bool = False) -> Path:
    """Zeros, written without being held: a sparse stored member of the size its header says."""
    start = header(shape, dtype, fortran)
    size = len(start) + int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    info = zipfile.ZipInfo("x.npy")
    info.file_size = info.compress_size = size
    info.CRC = 0
    with path.open("wb") as file:
        file.write(info.FileHeader(zip64=size >= 2**31))
        file.write(start)
        file.seek(size - len(start), io.SEEK_CUR)
        directory = file.tell()
        extra = struct.pack("<HHQQ", 1, 16, size, size)
        central = struct.pack(
            "<4s4B4HL2L5H2L",
            b"PK\x01\x02",
            *(45, 3, 45, 0),
            *(0, 0, 0, 33),
            0,
            *(0xFFFFFFFF, 0xFFFFFFFF),
            *(5, len(extra), 0, 0, 0),
            *(0, 0),
        )
        file.write(central + b"x.npy" + extra)
        length = file.tell() - directory
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, directory)
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, file.tell(), 1)
        file.write(record + locator)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, length, 0xFFFFFFFF, 0))
    return path


@pytest.mark.parametrize(
    ("shape", "dtype", "fortran", "says"),
    [
        ((9786, 224, 224, 3), "<f8", False, "11,239 MiB"),
        ((9786, 224, 224, 3), "<f8", False, "uint8"),
        ((2_000_000, 4, 4), "|u1", False, "2,000,000 images"),
        ((2, 8000, 8000, 3), "<f4", False, "an image of x takes 732 MiB"),
        ((1000, 400, 400, 3), "|u1", True, "ascontiguousarray"),
    ],
)
def test_an_honest_archive_that_is_too_large_is_refused_before_it_is_read(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, fortran: bool, says: str
) -> None:
    path = huge(tmp_path / "x.npz", shape, dtype, fortran)
    with pytest.raises(ImageError) as caught:
        read_archive(path)
    assert says in str(caught.value)
    assert str(shape) in str(caught.value) or "images, more" in str(caught.value)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">i2", "<u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_type_and_order_of_numbers_is_read(tmp_path: Path, dtype: str, order: Any) -> None:
    x = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3)).astype(dtype)
    y = np.arange(5, dtype=">u2")
    np.savez_compressed(tmp_path / "a.npz", x=np.array(x, order=order), y=y)
    found = find_pictures([str(tmp_path / "a.npz")])
    pieces = list(pixel_pieces(found, (6, 7, 3), "squash", []))
    np.testing.assert_array_equal(np.concatenate(pieces), x)
    assert found.truth is not None
    assert found.truth.tolist() == y.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_are_never_held_all_at_once(tmp_path: Path, dtype: Any) -> None:
    x = np.broadcast_to(np.arange(96, dtype=dtype)[:, None, None], (400, 96, 96, 3))
    np.savez(tmp_path / "a.npz", x=x)
    nbytes = x.size * 4
    tracemalloc.start()
    try:
        found = find_pictures([str(tmp_path / "a.npz")])
        count = sum(len(piece) for piece in pixel_pieces(found, (96, 96, 3), "squash", []))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 400
    assert peak < nbytes


def test_an_archive_that_was_replaced_is_not_taken_for_the_one_that_was_measured(
    tmp_path: Path,
) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 4, 4, 3), np.uint8))
    found = find_pictures([str(tmp_path / "a.npz")])
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 4, 4, 3), np.uint8))
    with pytest.raises(ImageError, match="replaced"):
        list(pixel_pieces(found, (4, 4, 3), "squash", []))
