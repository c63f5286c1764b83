"""What is remembered of trust."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mpsearch.trust import record
from mpsearch.trust.record import entries, forget, is_trusted, remember
from mpsearch.values.errors import EnvironmentFault

SHA = "ab" * 32


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is remembered."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "mpsearch" / "trusted"


def the_one(state: Path) -> Path:
    (file,) = state.iterdir()
    return file


@pytest.mark.usefixtures("state")
def test_it_holds_for_one_place_and_one_content(here: Path) -> None:
    file = here / "a" / "study.toml"
    file.parent.mkdir()
    assert not is_trusted(file, SHA)
    remember(file, SHA, "trusted")
    assert is_trusted(file, SHA)
    assert is_trusted(Path("a/study.toml"), SHA)
    assert not is_trusted(file, SHA[::-1])
    assert not is_trusted(file.with_name("other.toml"), SHA)
    (here / "alias").symlink_to("a")
    assert is_trusted(here / "alias" / "study.toml", SHA)
    (here / "b").mkdir()
    (here / "b" / "study.toml").symlink_to(file)  # its relative paths mean other files
    assert not is_trusted(here / "b" / "study.toml", SHA)
    assert forget(file)
    assert not forget(file)
    assert not is_trusted(file, SHA)


def test_only_the_user_can_read_and_write_it(state: Path, here: Path) -> None:
    remember(here / "study.toml", SHA, "written")
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_one(state).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o660, 0o606, 0o622])
def test_what_others_can_write_is_not_believed(state: Path, here: Path, mode: int) -> None:
    remember(here / "study.toml", SHA, "written")
    the_one(state).chmod(mode)
    assert not is_trusted(here / "study.toml", SHA)
    assert entries() == ([], [the_one(state)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 9999,
        b"\xff\xfe",
        b"null",
        b'{"format": "mpsearch-trust", "version": 1}',
        b'{"format": "mpsearch-trust", "version": 2, "file": "/x", "sha256": "a"}',
        b'{"format": "mpsearch-trust", "version": 1, "file": 3, "sha256": [], "origin": {}}',
        b" " * 2**17,
    ],
)
def test_what_is_damaged_is_no_trust(state: Path, here: Path, content: bytes) -> None:
    remember(here / "study.toml", SHA, "written")
    the_one(state).write_bytes(content)
    assert not is_trusted(here / "study.toml", SHA)
    assert entries() == ([], [the_one(state)])
    remember(here / "study.toml", SHA, "written")
    assert is_trusted(here / "study.toml", SHA)


def test_an_entry_of_another_place_is_no_trust(state: Path, here: Path) -> None:
    remember(here / "study.toml", SHA, "written")
    file = the_one(state)
    document = json.loads(file.read_text())
    for elsewhere in ("/etc/study.toml", "\ud800", ""):
        file.write_text(json.dumps({**document, "file": elsewhere}))
        assert not is_trusted(here / "study.toml", SHA)
        assert entries()[0] == []


def test_links_and_folders_in_its_place_are_no_trust(state: Path, here: Path) -> None:
    remember(here / "study.toml", SHA, "written")
    file = the_one(state)
    file.rename(here / "moved.json")
    file.symlink_to(here / "moved.json")
    assert not is_trusted(here / "study.toml", SHA)
    file.unlink()
    file.mkdir()
    assert not is_trusted(here / "study.toml", SHA)
    assert entries() == ([], [file])


def test_names_that_are_not_utf8_are_remembered(state: Path, here: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(here) + b"/\xff\n"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    remember(folder / "study.toml", SHA, "trusted")
    assert is_trusted(folder / "study.toml", SHA)
    assert the_one(state).read_text().isascii()
    assert [one.state for one in entries()[0]] == ["missing"]


def test_many_at_once_lose_nothing(state: Path, here: Path) -> None:
    files = [here / f"{i % 20}.toml" for i in range(100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: remember(file, SHA, "written"), files))
    assert all(is_trusted(file, SHA) for file in files)
    assert len(list(state.iterdir())) == 20


def test_it_does_not_grow_without_bound(
    state: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_ENTRIES", 10)
    monkeypatch.setattr(record, "_KEPT", 5)
    (here / "kept.toml").touch()
    remember(here / "kept.toml", SHA, "trusted")
    for i in range(40):
        remember(here / f"{i}.toml", SHA, "written")
        assert len(list(state.iterdir())) <= 10
    assert is_trusted(here / "kept.toml", SHA)
    assert is_trusted(here / "39.toml", SHA)


@pytest.mark.parametrize("home", ["", "relative", "/dev/null", "/proc/nothing"])
def test_without_a_home_nothing_is_trusted_and_nothing_breaks(
    here: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", home)
    file = here / "study.toml"
    assert not is_trusted(file, SHA)
    assert not forget(file)
    assert entries() == ([], [])
    with pytest.raises(EnvironmentFault, match="XDG_STATE_HOME"):
        remember(file, SHA, "trusted")
    assert list(here.iterdir()) == []


def test_a_relative_state_home_is_ignored_as_its_specification_says(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "downloaded")
    monkeypatch.setenv("HOME", str(here / "home"))
    remember(here / "study.toml", SHA, "trusted")
    assert not (here / "downloaded").exists()
    assert is_trusted(here / "study.toml", SHA)
