"""``mpsearch trust``, and what mpsearch trusts of its own."""

import os
import shutil
from pathlib import Path

import pytest
from command_line import answer

from mpsearch.cli.main import run
from mpsearch.cli.settled import Settled
from mpsearch.trust import SettingsFile
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.values.study_toml import settings_text

URL = "postgresql+psycopg://u:sesame@db.example.org/d"
MASKED = "postgresql+psycopg://u:***@db.example.org/d"


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is trusted yet."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def refused(file: Path) -> set[str]:
    """Keys that may not be taken from a file."""
    return {one.key for one in SettingsFile.read(file).refused(Question.__dataclass_fields__)}


def test_it_shows_what_is_trusted_and_holds_until_the_file_changes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(here / "a", f"storage = {URL!r}\nworkers = 64\n")
    assert refused(file) == {"storage", "workers"}
    assert run(["trust", "a"]) == 0
    out = capsys.readouterr().out
    assert f"storage = {MASKED!r} (connects to a server)" in out
    assert "workers = 64 (this machine has" in out
    assert "sesame" not in out
    assert refused(file) == set()
    assert refused(here / "a" / ".." / "a" / "study.toml") == set()
    text = file.read_text()
    file.write_text(text + "\n")
    assert refused(file) == {"storage", "workers"}
    file.write_text(text)
    assert refused(file) == set()
    shutil.copytree(here / "a", here / "b")
    assert refused(here / "b" / "study.toml") == {"storage", "workers"}


def test_it_is_listed_and_revoked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "trust", "--list") == {"trusted": [], "damaged": []}
    for name in ("a", "b", "c"):
        written(here / name, "workers = 64\n")
        found = answer(capsys, "trust", name)
        (value,) = found["values"]
        assert (value["key"], value["value"]) == ("workers", "64")
        assert found["file"] == str(Path(name, "study.toml"))
    written(here / "b", "workers = 65\n")
    shutil.rmtree(here / "c")
    rows = answer(capsys, "trust", "--list")["trusted"]
    assert [(Path(row["file"]).parent.name, row["state"]) for row in rows] == [
        ("a", "unchanged"),
        ("b", "changed"),
        ("c", "missing"),
    ]
    assert {row["origin"] for row in rows} == {"trusted"}
    assert run(["trust", "--list"]) == 0
    assert capsys.readouterr().out.count("trusted by you") == 3
    assert answer(capsys, "trust", "--revoke", "a/study.toml")["revoked"] == ["a/study.toml"]
    assert answer(capsys, "trust", "--revoke", "c")["revoked"] == ["c/study.toml"]
    assert len(answer(capsys, "trust", "--list")["trusted"]) == 1
    assert refused(here / "a" / "study.toml") == {"workers"}
    assert run(["trust", "--revoke", "a"]) == 2
    assert "'a' is not trusted" in capsys.readouterr().err


def test_a_file_of_another_name_is_trusted_alone(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(here / "a", "workers = 64\n")
    other = file.rename(here / "a" / "other.toml")
    written(here / "a", "workers = 64\n")
    answer(capsys, "trust", "a/other.toml")
    assert refused(other) == set()
    assert refused(file) == {"workers"}
    assert "trust a/other.toml" in SettingsFile.read(Path("a/other.toml")).remedy


@pytest.mark.parametrize(
    "argv", [[], ["--revoke"], ["--list", "a"], ["--list", "--revoke"], ["none"], ["a\0b"]]
)
def test_what_makes_no_sense_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    assert run(["trust", *argv]) == 2
    assert capsys.readouterr().err.startswith("mpsearch: error: ")
    assert list(here.iterdir()) == []


def test_what_is_no_study_is_not_trusted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(here / "a", "workers = \n")
    assert run(["trust", "a"]) == 2
    assert "not TOML" in capsys.readouterr().err
    assert answer(capsys, "trust", "--list")["trusted"] == []


def test_nothing_printed_moves_the_cursor(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2K\rb"
    written(here / name, 'storage = "grpc://h\\u001b[1A"\n')
    for argv in (["trust", name], ["trust", "--list"], ["trust", "--revoke", name]):
        assert run(argv) == 0
        assert "\x1b" not in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_said(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    written(here / "a", "workers = 64\n")
    assert run(["trust", "a"]) == 3
    assert "XDG_STATE_HOME" in capsys.readouterr().err


# What a search writes.


def kept(config: Question, folder: Path, is_typed: bool = True) -> list[str]:
    """What is said of settings that are kept."""
    return list(Settled(config, folder, is_typed).keep())


def test_what_a_search_writes_is_trusted_where_it_was_written(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = here / "mine" / "study.toml"
    config = Question(budget=2.0, storage=URL, allow_unsafe_model=True)
    assert kept(config, here / "mine") == []
    assert "sesame" not in file.read_text()
    assert refused(file) == set()
    (row,) = answer(capsys, "trust", "--list")["trusted"]
    assert row["origin"] == "written"
    shutil.copytree(here / "mine", here / "copy")
    assert refused(here / "copy" / "study.toml") == {"storage", "allow_unsafe_model"}
    assert run(["trust", "--revoke", "mine"]) == 0
    assert refused(file) == {"storage", "allow_unsafe_model"}


def test_settings_that_anybody_may_choose_leave_nothing_in_the_home(
    here: Path, state: Path
) -> None:
    assert kept(Question(budget=2.0, images=("/photos",)), here / "mine") == []
    assert list(state.iterdir()) == []


def test_a_file_that_is_there_is_trusted_only_if_it_is_what_was_typed(here: Path) -> None:
    config = Question(model="bundled:digits", budget=2.0, storage=URL)
    file = written(here / "mine", settings_text(config, here / "mine"))
    assert refused(file) == {"storage"}
    kept(Question(budget=3.0, storage=URL), here / "mine")
    assert refused(file) == {"storage"}
    kept(config, here / "mine", is_typed=False)
    assert refused(file) == {"storage"}  # its own words, let pass once
    kept(config, here / "mine")
    assert refused(file) == set()


@pytest.mark.parametrize("home", ["/dev/null", "/proc/nothing"])
def test_a_home_that_cannot_be_written_costs_a_note(
    here: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", home)
    (note,) = kept(Question(storage=URL), here / "mine")
    assert "mpsearch trust" in note
    assert (here / "mine" / "study.toml").exists()
    assert kept(Question(budget=2.0), here / "other") == []


def test_a_command_gets_no_guarded_value_that_it_has_no_option_for(here: Path) -> None:
    workers = (os.cpu_count() or 1) + 1
    file = written(here / "a", f"storage = {URL!r}\nworkers = {workers}\nbudget = 3\n")
    config = SettingsFile.read(file).taken({"budget", "model"}, {"budget": None})
    assert (config.storage, config.workers, config.budget) == (None, 1, 3)
    with pytest.raises(SettingError, match="workers"):
        SettingsFile.read(file).taken({"workers", "model"}, {})
    given = SettingsFile.read(file).taken({"workers"}, {"workers": workers + 1})
    assert given.workers == workers + 1
    SettingsFile.read(file).trust("trusted")
    trusted = SettingsFile.read(file).taken({"workers"}, {"workers": None})
    assert (trusted.storage, trusted.workers) == (URL, workers)
