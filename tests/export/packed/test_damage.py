"""A packed file that is damaged, or made to harm, is refused in one line."""

import errno
import os
import tracemalloc
import zlib
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packed_files import put_in, read, refused, small, with_header, write

from mpsearch.coding.coder import code
from mpsearch.export.packed import PackedFile
from mpsearch.schemes.stream import Stream
from mpsearch.values.choices import CODINGS, Coding
from mpsearch.values.errors import PackedError


@pytest.mark.parametrize("coding", CODINGS)
def test_a_flipped_bit_in_every_byte_is_refused(tmp_path: Path, coding: Coding) -> None:
    data = small(tmp_path / "a.mpq", coding)
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        refused(tmp_path / "b.mpq", bytes(damaged))


@pytest.mark.parametrize("coding", CODINGS)
def test_all_eight_bits_of_every_byte_of_the_smallest_file(tmp_path: Path, coding: Coding) -> None:
    kernel = np.linspace(-1, 1, 9, dtype=np.float32)
    write(tmp_path / "a.mpq", ("bitwiseAnd_13",), ((kernel,),), coding)
    data = (tmp_path / "a.mpq").read_bytes()
    for at in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << at % 8
        refused(tmp_path / "b.mpq", bytes(damaged))


@pytest.mark.parametrize("coding", CODINGS)
def test_every_truncation_and_every_addition_is_refused(tmp_path: Path, coding: Coding) -> None:
    data = small(tmp_path / "a.mpq", coding)
    for length in range(len(data)):
        refused(tmp_path / "b.mpq", data[:length])
    assert ": 1 bytes follow its last tensor" in refused(tmp_path / "b.mpq", data + b"x")


def test_what_a_scheme_does_not_store_is_not_decoded(tmp_path: Path) -> None:
    """A small file that claims many large streams costs no memory."""
    path = tmp_path / "a.mpq"
    count = 60_000_000
    write(path, ("prun_0.1",), ((np.zeros(2, np.float32),),), others=())
    squeezed = code(Stream(np.zeros(count, np.uint8), 8), "entropy")
    data = squeezed.data.tobytes()

    def claim(header: dict[str, Any]) -> None:
        header["tensors"][0].update(
            shape=[count],
            length=3 * len(data),
            crc32=f"{zlib.crc32(3 * data):08x}",
            streams=[[8, count, squeezed.method, len(data)]] * 3,
        )

    start = path.read_bytes()[: 16 + int.from_bytes(path.read_bytes()[8:12], "little")]
    path.write_bytes(with_header(start, claim) + 3 * data)
    tracemalloc.start()
    with pytest.raises(PackedError, match="does not store"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_bits_behind_the_last_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mpq"
    write(path, ("bitwiseAnd_13",), ((np.ones(3, np.float32),),), others=())
    data = bytearray(path.read_bytes())
    data[-1] |= 0x80
    crc = f"{zlib.crc32(bytes(data[-8:])):08x}"
    changed = with_header(bytes(data), put_in("tensors", 0, "crc32", crc))
    assert "bits behind the last code" in refused(tmp_path / "b.mpq", changed)
    assert "checksum" in refused(tmp_path / "b.mpq", bytes(data))


def test_a_checksum_is_looked_at_before_weights(tmp_path: Path) -> None:
    write(tmp_path / "a.mpq", ("fl16",), ((np.ones(4, np.float32),),), others=())
    data = bytearray((tmp_path / "a.mpq").read_bytes())
    data[-2:] = np.array([np.inf], np.float16).tobytes()
    assert "checksum" in refused(tmp_path / "b.mpq", bytes(data))


def test_a_disk_that_fails_is_one_line(tmp_path: Path) -> None:
    small(tmp_path / "a.mpq")
    with PackedFile.open(tmp_path / "a.mpq") as packed:
        packed.close()
        tensor, other = packed.header.tensors[0], packed.header.others[0]
        packed._file = BufferedReader(_Broken(tmp_path / "a.mpq"))
        for part in (lambda: packed.weights(tensor), lambda: packed.other(other)):
            with pytest.raises(PackedError, match=r"Input/output error.*check the disk"):
                part()


class _Broken(FileIO):
    """A file on a disk that has failed since it was opened."""

    def readinto(self, _: Any) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PackedError, match=r"no such file; give a \.mpq file"):
        PackedFile.open(tmp_path / "none.mpq")
    with pytest.raises(PackedError, match="no such file") as error:
        PackedFile.open(tmp_path)
    assert str(error.value) == f"packed file {str(tmp_path)!r}: no such file; give a .mpq file"
    assert "does not begin" in refused(tmp_path / "b.mpq", b"")
    assert "does not begin" in refused(tmp_path / "b.mpq", b"PK\x03\x04" + bytes(100))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("at", [0, -1])
@pytest.mark.parametrize("worst", [np.inf, -np.inf, np.nan])
def test_codes_of_weights_that_are_not_finite_are_refused(
    tmp_path: Path, worst: float, at: int, coding: Coding
) -> None:
    """Whatever piece of a large tensor they are in."""
    path, count = tmp_path / "a.mpq", 2**18 + 3
    weights = np.random.default_rng(0).normal(0, 1, count).astype(np.float32)
    write(path, ("fl16",), ((weights,),), coding, others=())
    data = path.read_bytes()
    start = 16 + int.from_bytes(data[8:12], "little")
    codes = weights.astype(np.float16)
    codes[at] = worst
    coded = code(Stream(codes.view(np.uint16), 16), coding)

    def claim(header: dict[str, Any]) -> None:
        header["tensors"][0].update(
            length=len(coded.data),
            crc32=f"{zlib.crc32(coded.data.data):08x}",
            streams=[[16, count, coded.method, len(coded.data)]],
        )

    changed = with_header(data[:start], claim) + coded.data.tobytes()
    assert "NaN or infinite" in refused(tmp_path / "b.mpq", changed)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), coding=st.sampled_from(CODINGS))
def test_any_change_of_the_bytes_behind_right_checksums_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, coding: Coding
) -> None:
    """As an attacker would: checksums are made right again."""
    whole = small(tmp_path / "a.mpq", coding)
    start = 16 + int.from_bytes(whole[8:12], "little")
    body = bytearray(whole[start:])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))

    def repair(header: dict[str, Any]) -> None:
        for one in (*header["tensors"], *header["others"]):
            piece = bytes(body[one["offset"] : one["offset"] + one["length"]])
            one["crc32"] = f"{zlib.crc32(piece):08x}"

    (tmp_path / "b.mpq").write_bytes(with_header(whole[:start] + bytes(body), repair))
    try:
        found, _ = read(tmp_path / "b.mpq")
    except PackedError:
        return
    assert all(np.isfinite(array).all() for array in found)
