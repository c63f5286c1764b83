"""Files appear whole or not at all, under names that are safe everywhere."""

import errno
import re
import string
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.system.files import file_name, file_names, write_bytes, write_text, write_with
from mpsearch.values.errors import EnvironmentFault

ODD_NAMES = [
    "..",
    "../../x",
    "/etc/passwd",
    "C:\\Windows\\x",
    "a/b\\c",
    ".hidden",
    "",
    " ",
    "...",
    "a\nb",
    "a\0b",
    "CON",
    "nul.txt",
    "Com1",
    "LPT9.npy",
    "conv2d",
    "Conv2D",
    "CONV2D",
    "weiß",
    "WEISS",
    "層",
    "größe",
    "x" * 500,
    "x" * 501,
    "a" * 100 + "/" * 100,
    "trailing.",
    "trailing ",
    '*?<>|":',
]


def full_disk(file: BinaryIO) -> None:
    file.write(b"half of it")
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(file: BinaryIO) -> None:
    file.write(b"half of it")
    raise KeyboardInterrupt


def test_bytes_come_back(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    path = write_bytes(tmp_path / "x.bin", data)
    assert path == tmp_path / "x.bin"
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_utf_8_with_the_line_ends_it_had(tmp_path: Path) -> None:
    text = "größe\nзерно\r\n層\n"
    assert write_text(tmp_path / "x.txt", text).read_bytes() == text.encode("utf-8")


def test_missing_folders_are_made(tmp_path: Path) -> None:
    assert write_bytes(tmp_path / "a" / "b" / "c.bin", b"x").read_bytes() == b"x"


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    write_bytes(path, b"a longer old content")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "x.bin", b"old")

    def write(file: BinaryIO) -> None:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"

    write_with(path, write)
    assert path.read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "x.bin", b"old")
    with pytest.raises(EnvironmentFault, match=r"x\.bin.*No space left on device"):
        write_with(path, full_disk)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_the_old_file_and_goes_on_up(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "x.bin", b"old")
    with pytest.raises(KeyboardInterrupt):
        write_with(path, interrupted)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_first_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault):
        write_with(tmp_path / "x.bin", full_disk)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_an_environment_fault(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(EnvironmentFault, match="choose another folder"):
        write_bytes(tmp_path / "x", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_file_in_the_place_of_the_folder_is_an_environment_fault(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(EnvironmentFault, match="choose another folder") as caught:
        write_bytes(tmp_path / "x" / "y", b"new")
    assert caught.value.exit_code == 3
    assert (tmp_path / "x").read_bytes() == b"old"


@given(st.text(string.ascii_letters + string.digits + "_", min_size=4, max_size=80))
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    ordinary = f"x{name}"
    assert file_name(ordinary) == ordinary


def is_safe(name: str) -> bool:
    device = re.match(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", name)
    return (
        bool(name) and name[0] not in ". " and not device and not set(name) & set('/\\\0\n:*?"<>|')
    )


@given(st.text())
def test_any_text_becomes_one_safe_component(name: str) -> None:
    safe = file_name(name)
    assert is_safe(safe), safe
    assert Path(safe).name == safe


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: name[:20])
def test_odd_names_become_one_safe_component_of_at_most_120_characters(name: str) -> None:
    safe = file_name(name)
    assert is_safe(safe), safe
    assert len(safe) <= 120


@pytest.mark.parametrize("name", ["con", "CON", "aux.npy", "Nul", "com1", "LPT9.tar.gz"])
def test_device_names_are_set_apart(name: str) -> None:
    assert file_name(name) == f"_{name}"


@pytest.mark.parametrize("name", ["conv", "console", "auxiliary", "com", "com10", "null"])
def test_names_that_only_begin_like_a_device_stay(name: str) -> None:
    assert file_name(name) == name


@given(st.lists(st.text(st.sampled_from("aAbB_2./ß"), max_size=4), max_size=12))
def test_file_names_differ_even_where_case_does_not_count(names: list[str]) -> None:
    safe = file_names(names)
    assert len(safe) == len(names)
    assert len({name.casefold() for name in safe}) == len(names)
    assert all(is_safe(name) for name in safe)


def test_the_first_of_names_that_meet_keeps_its_name() -> None:
    assert file_names(["a/b", "a_b", "A_B", "a_b_2"]) == ["a_b", "a_b_2", "A_B_3", "a_b_2_2"]


def test_files_of_odd_names_stay_in_their_folder_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    names = file_names(ODD_NAMES)
    for i, name in enumerate(names):
        write_bytes(folder / name, str(i).encode())
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert [(folder / name).read_bytes() for name in names] == [
        str(i).encode() for i in range(len(names))
    ]
