"""A packed file that is damaged, or made to harm, is refused in one line."""

import errno
import os
import tracemalloc
import zlib
from functools import partial
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packed_files import Change, read, with_header, write

from mpsearch.coding.coder import CODINGS, Coding, code
from mpsearch.core.errors import PackedError
from mpsearch.export.packed import PackedFile
from mpsearch.schemes.stream import Stream


def small(path: Path, coding: Coding = "none") -> bytes:
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.1, (3, 40)).astype(np.float32)
    long = np.tile(rng.normal(0, 0.1, 300).astype(np.float32), 4)
    write(
        path, ("fix8", "prun_0.1", "bitwiseAnd_13"), ((kernel, kernel[0]), (long,), (long,)), coding
    )
    return path.read_bytes()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(PackedError) as error:
        read(path)
    assert str(error.value).isprintable()
    assert str(path) in str(error.value)
    return str(error.value)


def said(path: Path, data: bytes) -> str:
    """Why a file is refused; nothing if it is read."""
    path.write_bytes(data)
    try:
        read(path)
    except PackedError as error:
        return str(error).removeprefix(f"packed file {str(path)!r}")
    return ""


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


def put(key: str, value: Any) -> Change:
    return lambda header: header.update({key: value})


def put_in(where: str, position: int, key: str, value: Any) -> Change:
    return lambda header: header[where][position].update({key: value})


def under(scheme: str, header: dict[str, Any]) -> None:
    """All layers under a scheme of that name."""
    header["plan"] = dict.fromkeys(header["plan"], scheme)
    for one in header["tensors"]:
        one["scheme"] = scheme


LIES: list[tuple[str, Change]] = [
    ("not that of a packed file", put("format", "zip")),
    ("its version is 2, this program reads 1", put("version", 2)),
    ("its version is True", put("version", True)),
    ("its version is 1.0", put("version", 1.0)),
    ("its alignment is True", put("alignment", True)),
    ("model = str of 3,000,000 is not", put("model", "m" * 3_000_000)),
    ("layer = str of 3,000,000 is not", put_in("tensors", 0, "layer", "m" * 3_000_000)),
    ("its plan is not", put("plan", {"m" * 3_000_000: "fix8"})),
    ("conv/0 \u00e4' a\\nb: offset", lambda h: h["tensors"][0].update(tensor="a\nb", offset=-1)),
    ("its alignment is 64", put("alignment", 64)),
    ("its plan is not", put("plan", ["fix8"])),
    ("its plan is not", put("plan", {"conv/0 ä": 3})),
    ("not of the same layers", put("plan", {})),
    ("its plan says 'fix8'", put_in("tensors", 0, "scheme", "fl16")),
    ("model = None", put("model", None)),
    ("coding = 'zip'", put("coding", "zip")),
    ("tensors = 3", put("tensors", 3)),
    ("a tensor is not an object", put("tensors", [3])),
    ("begins at byte 1", put_in("tensors", 0, "offset", 1)),
    ("offset = -1", put_in("tensors", 0, "offset", -1)),
    ("offset = 1.5", put_in("tensors", 0, "offset", 1.5)),
    ("streams do not make up", put_in("tensors", 0, "length", 7)),
    ("length = 99999999999999999999", put_in("tensors", 0, "length", 99999999999999999999)),
    ("shape = [0, 3]", put_in("tensors", 0, "shape", [0, 3])),
    ("shape = [True]", put_in("tensors", 0, "shape", [True])),
    ("shape = [1099511627776, 2]", put_in("tensors", 0, "shape", [2**40, 2])),
    ("shape = [1, 1", put_in("tensors", 0, "shape", [1] * 9)),
    *(
        (f"channel_axes = {axes} is not", put_in("tensors", 0, "channel_axes", axes))
        for axes in (-1, [], [0], [-3], [True], ["x"], [-1.0], [-1, -1], [-1, -2])
    ),
    ("calibrated = 1", put_in("tensors", 0, "calibrated", 1)),
    ("crc32 = '12'", put_in("tensors", 0, "crc32", "12")),
    ("its checksum is wrong", put_in("tensors", 0, "crc32", "00000000")),
    (
        "fix8 does not store a tensor of shape (121,) as 120 codes of 8 bits",
        put_in("tensors", 0, "shape", [121]),
    ),
    ("a stream is not", put_in("tensors", 0, "streams", [[8, 120, "packed"]])),
    ("method = 'zip'", put_in("tensors", 0, "streams", [[8, 120, "zip", 120]])),
    ("codes of 33 bits", put_in("tensors", 0, "streams", [[33, 29, "packed", 120]])),
    ("take 60 bytes", put_in("tensors", 0, "streams", [[4, 120, "packed", 120]])),
    ("as 240 codes of 4 bits", put_in("tensors", 0, "streams", [[4, 240, "packed", 120]])),
    ("cannot be", put_in("tensors", 0, "streams", [[8, 2**40, "zstd", 120]])),
    ("cannot be", put_in("tensors", 0, "streams", [[8, 2**40, "rans", 120]])),
    ("as 200000 codes of 8 bits", put_in("tensors", 0, "streams", [[8, 200_000, "zstd", 120]])),
    ("streams = ", put_in("tensors", 0, "streams", [[8, 0, "packed", 0]] * 5)),
    ("dtype = 'object'", put_in("others", 0, "dtype", "object")),
    ("do not fit its shape", put_in("others", 0, "shape", [8])),
    ("has a tensor twice", put_in("tensors", 1, "tensor", "kernel")),
    (
        "unknown scheme 'zip'",
        lambda h: (
            [h["plan"].update({k: "zip"}) for k in h["plan"]]
            and [one.update(scheme="zip") for one in h["tensors"]]
            and None
        ),
    ),
    *(
        ("\\n\\x1b", partial(under, text))
        for text in (f"{n}\n\x1b" for n in ("bitwiseAnd_", "prun_", "prun50_prun", "int4c_", "zip"))
    ),
    ("not JSON", lambda _: b"{"),
    ("not JSON", lambda _: b"[" * 100_000),
    ("too many lists and objects", lambda _: b"[" + b"[]," * 600_000 + b"0]"),
    ("a key comes twice", lambda _: b'{"version": 1, "version": 1}'),
    ("not JSON", lambda _: b'{"version": NaN}'),
    ("is not an object", lambda _: b"[]"),
    ("not JSON", lambda _: b"\xff\xfe"),
]


@pytest.mark.parametrize(("words", "change"), LIES, ids=[str(i) for i in range(len(LIES))])
def test_a_header_that_lies_is_refused(tmp_path: Path, words: str, change: Change) -> None:
    data = small(tmp_path / "a.mpq")
    assert words in refused(tmp_path / "b.mpq", with_header(data, change))


# What is just allowed is refused later or not at all; one more is refused at once.
LIMITS: list[tuple[str, Change, Change]] = [
    (": others = list of 100,001", put("others", [0] * 100_000), put("others", [0] * 100_001)),
    (": model = str of 1,001", put("model", "m" * 1000), put("model", "m" * 1001)),
    (
        ": shape = [1, 1, 1, 1, 1, 1, 1, 1, 1]",
        put_in("others", 1, "shape", [1] * 8),
        put_in("others", 1, "shape", [1] * 9),
    ),
    (
        ": shape = [1099511627777]",
        put_in("others", 0, "shape", [2**40]),
        put_in("others", 0, "shape", [2**40 + 1]),
    ),
    (
        ": offset = 4503599627370497",
        put_in("tensors", 0, "offset", 2**52),
        put_in("tensors", 0, "offset", 2**52 + 1),
    ),
    (
        "too many lists and objects",
        lambda _: b"[{" * 2**18,
        lambda _: b"[{" * 2**18 + b"[",
    ),
    (
        "codes of 33 bits",
        put_in("tensors", 0, "streams", [[32, 30, "packed", 120]]),
        put_in("tensors", 0, "streams", [[33, 30, "packed", 120]]),
    ),
    (
        "codes of 0 bits",
        put_in("tensors", 0, "streams", [[1, 960, "packed", 120]]),
        put_in("tensors", 0, "streams", [[0, 960, "packed", 120]]),
    ),
]


@pytest.mark.parametrize(("words", "most", "more"), LIMITS, ids=[w[:12] for w, _, _ in LIMITS])
def test_limits_are_where_they_are_said_to_be(
    tmp_path: Path, words: str, most: Change, more: Change
) -> None:
    data = small(tmp_path / "a.mpq")
    assert words.partition("=")[0] not in said(tmp_path / "b.mpq", with_header(data, most))
    assert words in refused(tmp_path / "b.mpq", with_header(data, more))


def test_a_header_of_8_megabytes_is_read_and_none_larger(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mpq")
    honest = data[16 : 16 + int.from_bytes(data[8:12], "little")]
    path = tmp_path / "b.mpq"
    path.write_bytes(with_header(data, lambda _: honest.ljust(8 * 2**20)))
    for again, array in zip(read(path)[0], read(tmp_path / "a.mpq")[0], strict=True):
        np.testing.assert_array_equal(again, array)
    larger = with_header(data, lambda _: honest.ljust(8 * 2**20 + 1))
    assert "its header takes 8,388,609 bytes" in refused(path, larger)


def test_a_file_that_ends_with_its_preamble_has_an_empty_header(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mpq")
    assert "not JSON" in refused(tmp_path / "b.mpq", data[:8] + bytes(8))
    assert "does not begin" in refused(tmp_path / "b.mpq", data[:8] + bytes(7))


def test_messages_show_little_of_what_is_wrong(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mpq")
    for value, shown in (
        ("m" * 40, repr("m" * 40)),
        ("m" * 41, "str of 41"),
        (10**80, str(10**59)),
    ):
        changed = with_header(data, put_in("tensors", 0, "offset", value))
        assert f"offset = {shown} is not" in refused(tmp_path / "b.mpq", changed)


def test_a_header_of_4_gigabytes_is_not_read(tmp_path: Path) -> None:
    data = small(tmp_path / "a.mpq")
    huge = data[:8] + b"\xff\xff\xff\xff" + data[12:]
    assert "4,294,967,295 bytes" in refused(tmp_path / "b.mpq", huge)


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
    with PackedFile(tmp_path / "a.mpq") as packed:
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
        PackedFile(tmp_path / "none.mpq")
    with pytest.raises(PackedError, match="no such file") as error:
        PackedFile(tmp_path)
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
