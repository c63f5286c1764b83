"""Nothing is written through a link inside a folder; folders may be named by links."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mpsearch.system.files import write_bytes, write_text, write_with
from mpsearch.system.folders import open_as_it_is
from mpsearch.values.errors import EnvironmentFault, SettingError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that must stay as it is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    return folder


def require_untouched(elsewhere: Path) -> None:
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == {"mine.txt": "mine"}


@pytest.mark.parametrize("inside", ["report", "report/deeper", "a/report"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_folder_that_is_a_link_is_refused_with_its_target(
    tmp_path: Path, elsewhere: Path, inside: str, dangling: bool
) -> None:
    root = tmp_path / "study"
    target = elsewhere / "gone" if dangling else elsewhere
    link = root / inside
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    with pytest.raises(SettingError, match="nothing is written through links") as error:
        write_text(link / "mine.txt", "theirs", within=root)
    assert repr(str(link)) in str(error.value)
    assert repr(str(target)) in str(error.value)
    require_untouched(elsewhere)


def test_a_link_to_a_place_inside_is_refused_as_well(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "report").symlink_to("real")
    with pytest.raises(SettingError):
        write_text(tmp_path / "report" / "x.txt", "x", within=tmp_path)
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_folder_that_was_named_may_be_a_link_or_lie_beyond_one(
    tmp_path: Path, depth: int
) -> None:
    (tmp_path / "real" / "0" / "1").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    root = tmp_path.joinpath("link", *map(str, range(depth)))
    write_text(root / "report" / "x.txt", "x", within=root)
    write_text(root / "y.txt", "y")
    real = tmp_path.joinpath("real", *map(str, range(depth)))
    assert (real / "report" / "x.txt").read_text() == "x"
    assert (real / "y.txt").read_text() == "y"


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_file_that_is_a_link_is_replaced_and_what_it_led_to_stays(
    tmp_path: Path, elsewhere: Path, make: Callable[[Path, Path], None]
) -> None:
    link = tmp_path / "plan.json"
    make(elsewhere / "mine.txt", link)
    write_bytes(link, b"theirs")
    assert not link.is_symlink()
    assert link.read_bytes() == b"theirs"
    require_untouched(elsewhere)


def test_what_looks_like_a_rest_is_neither_followed_nor_waited_for(
    tmp_path: Path, elsewhere: Path
) -> None:
    path = write_bytes(tmp_path / "plan.json", b"old")
    seen: list[Path] = []
    write_with(path, lambda _: seen.extend(tmp_path.glob(".*.tmp")))
    prefix = seen[0].name.partition("-")[0]
    (tmp_path / f"{prefix}-link.tmp").symlink_to(elsewhere / "mine.txt")
    os.mkfifo(tmp_path / f"{prefix}-pipe.tmp")
    (tmp_path / f"{prefix}-folder.tmp").mkdir()
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    require_untouched(elsewhere)


def test_the_folder_stays_the_same_while_it_is_written_to(tmp_path: Path, elsewhere: Path) -> None:
    """Somebody puts a link in its place meanwhile: the file goes where it was begun."""
    root = tmp_path / "study"

    def swap(file: object) -> None:
        (root / "report").rename(root / "before")
        (root / "report").symlink_to(elsewhere)

    write_with(root / "report" / "mine.txt", swap, within=root)
    assert (root / "before" / "mine.txt").read_bytes() == b""
    require_untouched(elsewhere)


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may list every folder"
)
def test_a_folder_that_may_not_be_listed_is_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    folder.chmod(0o300)
    try:
        write_bytes(folder / "x", b"x")
    finally:
        folder.chmod(0o700)
    assert (folder / "x").read_bytes() == b"x"


def test_only_regular_files_are_opened_as_they_are(tmp_path: Path) -> None:
    file = write_bytes(tmp_path / "x", b"x")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    with open_as_it_is(file) as opened:
        assert opened.read() == b"x"
    for odd in (tmp_path / "link", tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match=odd.name):
            open_as_it_is(odd)


def test_a_file_in_the_place_of_an_inner_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(EnvironmentFault, match="choose another folder"):
        write_text(tmp_path / "report" / "x", "x", within=tmp_path)
