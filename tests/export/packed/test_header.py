"""A header of a packed file that lies is refused in one line; what it may say at most is taken."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packed_files import Change, put, put_in, read, refused, small, with_header

from mpsearch.values.errors import PackedError


def said(path: Path, data: bytes) -> str:
    """Why a file is refused; nothing if it is read."""
    path.write_bytes(data)
    try:
        read(path)
    except PackedError as error:
        return str(error).removeprefix(f"packed file {str(path)!r}")
    return ""


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
        for axes in (-1, [0], [-3], [True], ["x"], [-1.0], [-1, -1], [-1, -2])
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
    ("a key occurs twice", lambda _: b'{"version": 1, "version": 1}'),
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
