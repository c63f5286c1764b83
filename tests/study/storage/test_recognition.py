"""A file that is no storage is refused in one line, and nothing of it or beside it changes."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import optuna
import pytest
from made_study import MadeStudy
from numpy_network import NumpyNetwork, images
from search_bench import SearchBench

from mpsearch.cli.main import run
from mpsearch.study.storage.address import Address
from mpsearch.study.storage.opening import (
    close_storage,
    open_for_reading,
    open_storage,
    require_reachable,
)
from mpsearch.study.storage.peek import glance
from mpsearch.study.storage.recognition import require_storage_file
from mpsearch.study.workers.solo_lock import Doorway, is_in_use
from mpsearch.values.errors import MPSearchError, SettingError, StudyError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs links, pipes and file locks")
KINDS: tuple[Literal["sqlite", "journal"], ...] = ("sqlite", "journal")


def another_programs_database(path: Path, statements: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(statements)
    database.close()


def database(statements: str) -> Callable[[Path], object]:
    return lambda path: another_programs_database(path, statements)


def text(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a token without a last newline": text(b"ghp_token"),
    "a text": text(b"one line\nanother\n"),
    "json": text(b'{"op": 1}\n'),
    "json of another program": text(b'{"op_code":"x","worker_id":3}\n{"op_code":1}'),
    "json that is deep": text(b"[" * 100_000),
    "zeros": text(bytes(5000)),
    "a database's head alone": text(b"SQLite format 3\0"),
    "a damaged database": text(b"SQLite format 3\0" + bytes(range(256)) * 40),
    "another's database": database("CREATE TABLE cookies (host, value);"),
    "a hospital's": database("CREATE TABLE studies (id, title); CREATE TABLE trials (id);"),
    "another's, written ahead": database(
        "PRAGMA journal_mode=WAL; CREATE TABLE places (url); INSERT INTO places VALUES ('x');"
    ),
}


def state(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """All files of a folder: bytes, when they were changed, and how."""
    return {
        one.name: (one.read_bytes(), one.stat().st_mtime_ns, one.stat().st_mode)
        for one in folder.iterdir()
        if one.is_file()
    }


def openings(address: Address) -> list[Callable[[], object]]:
    url = address.url
    return [
        lambda: open_storage(address),
        lambda: require_reachable(url),
        lambda: SearchBench(NumpyNetwork(), images(2)).search(url, 1.0, trials=2),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_storage_stays_as_it_is(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / "mine"
    FOREIGN[name](path)
    before = state(tmp_path)
    address = Address.parse(f"{kind}:///{path}")
    for opening in openings(address):
        with pytest.raises(SettingError, match=r"'.*mine' is not an? .* of Optuna"):
            opening()
        assert state(tmp_path) == before
    with pytest.raises(StudyError, match="cannot be read"):
        open_for_reading(address)
    assert state(tmp_path) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_says_it_in_one_line(
    here: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "token").write_text("ghp_token")
    before = state(here)
    assert run(["search", "--budget", "1", "--storage", f"{kind}:///token"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("mpsearch: error: storage ")
    assert said.count("\n") == 1
    assert state(here) == before


@pytest.mark.parametrize("kind", KINDS)
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", Path(os.devnull)):
        for opening in openings(Address.parse(f"{kind}:///{path}")):
            with pytest.raises(SettingError, match="is not a regular file"):
                opening()
    assert {one.name for one in tmp_path.iterdir()} == {"pipe", "folder"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_to_a_storage_is_read_and_not_written(
    tmp_path: Path, kind: str, link: Callable[[Path, Path], None]
) -> None:
    real, path = tmp_path / "real", tmp_path / "link"
    SearchBench(NumpyNetwork(), images(2)).search(f"{kind}:///{real}", 1.0, trials=2)
    link(real, path)
    before = state(tmp_path)
    address = Address.parse(f"{kind}:///{path}")
    for opening in openings(address):
        with pytest.raises(SettingError, match=r"symbolic link|2 names"):
            opening()
    assert state(tmp_path) == before
    storage = open_for_reading(address)
    assert len(storage.get_all_trials(storage.get_all_studies()[0]._study_id)) >= 2
    close_storage(storage)


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_that_leads_nowhere_makes_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "new")
    with pytest.raises(SettingError, match=r"symbolic link.*new"):
        open_storage(Address.parse(f"{kind}:///{tmp_path / 'link'}"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_is_a_link_may_hold_a_storage(tmp_path: Path, kind: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    SearchBench(NumpyNetwork(), images(2)).search(f"{kind}:///{tmp_path}/link/s", 1.0, trials=2)
    assert (tmp_path / "real" / "s").stat().st_size


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_becomes_a_storage(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "study"
    path.touch()
    SearchBench(NumpyNetwork(), images(2)).search(f"{kind}:///{path}", 1.0, trials=2)
    require_storage_file(Address.parse(f"{kind}:///{path}"))


@pytest.mark.parametrize(
    "statements",
    [
        "",
        # As a process leaves it that is killed while it makes the tables.
        "CREATE TABLE studies (study_id INTEGER, study_name VARCHAR);",
    ],
)
def test_a_database_with_no_other_tables_is_completed(tmp_path: Path, statements: str) -> None:
    path = tmp_path / "study.db"
    another_programs_database(path, f"{statements} VACUUM;")
    require_storage_file(Address.parse(f"sqlite:///{path}"))


@pytest.mark.parametrize("statements", ["PRAGMA journal_mode=WAL", "CREATE TABLE notes (text)"])
def test_a_study_may_be_written_ahead_or_share_its_database(
    tmp_path: Path, statements: str
) -> None:
    MadeStudy(tmp_path).write_trials()
    path = tmp_path / "study.db"
    another_programs_database(path, statements)
    storage = open_storage(Address.parse(f"sqlite:///{path}"))
    assert len(storage.get_all_trials(1)) == 24
    close_storage(storage)


def test_a_database_that_another_process_holds_is_recognised(tmp_path: Path) -> None:
    MadeStudy(tmp_path).write_trials()
    path = tmp_path / "study.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    require_storage_file(Address.parse(f"sqlite:///{path}"))
    holder.close()


def test_a_rest_of_a_transaction_is_rolled_back_as_ever(tmp_path: Path) -> None:
    """What a process leaves that is killed in the middle of a transaction."""
    MadeStudy(tmp_path).write_trials()
    path = tmp_path / "study.db"
    whole = path.read_bytes()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.executescript("PRAGMA cache_size=1; BEGIN; UPDATE trials SET number = number + 1000;")
    writer.execute("UPDATE trial_user_attributes SET value_json = '1'")
    journal = (tmp_path / "study.db-journal").read_bytes()
    torn = path.read_bytes()
    writer.close()
    assert torn != whole  # else there is nothing to roll back
    path.write_bytes(torn)
    (tmp_path / "study.db-journal").write_bytes(journal)
    storage = open_storage(Address.parse(f"sqlite:///{path}"))
    assert [one.number for one in storage.get_all_trials(1)] == list(range(24))
    close_storage(storage)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["another's", "link", "hard link", "pipe"])
def test_another_file_in_the_place_of_the_lock_is_left_alone(
    tmp_path: Path, what: str, kind: str
) -> None:
    path, lock, mine = tmp_path / "uv", tmp_path / "uv.lock", tmp_path / "mine"
    mine.write_text("..." if "link" in what else "mine")
    match what:
        case "another's":
            lock.write_text("version = 1\n")
        case "link":
            lock.symlink_to(mine)
        case "hard link":
            lock.hardlink_to(mine)
        case _:
            os.mkfifo(lock)
    before = state(tmp_path)
    for opening in openings(Address.parse(f"{kind}:///{path}")):
        with pytest.raises(SettingError, match=r"'uv\.lock' beside it"):
            opening()
    assert state(tmp_path) == before
    assert not is_in_use(path)
    with pytest.raises(MPSearchError):
        Doorway(path).turn()
    assert state(tmp_path) == before


def test_a_journal_that_optuna_itself_wrote_is_one(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    study = optuna.create_study(storage=optuna.storages.JournalStorage(backend), study_name="s")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    storage = open_storage(Address.parse(f"journal:///{path}"))
    assert [one.value for one in storage.get_all_trials(0)] == [1.0]
    # And what we write, Optuna reads.
    storage.set_study_user_attr(0, "key", "value")
    again = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    assert again.get_study_user_attrs(0) == {"key": "value"}


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
COMPUTED = {
    "view": "DROP TABLE trial_user_attributes; CREATE VIEW trial_user_attributes AS "
    f"{ENDLESS} SELECT x AS trial_user_attribute_id, 1 AS trial_id, x AS key, 1 AS value_json "
    "FROM c;",
    "view of studies": f"DROP TABLE studies; CREATE VIEW studies AS {ENDLESS} "
    "SELECT 1 AS study_id, x AS study_name FROM c;",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON trials BEGIN SELECT count(*) FROM "
    f"({ENDLESS} SELECT x FROM c); END;",
    # Written into the schema: not every SQLite has a module of virtual tables to make one with.
    "virtual table": "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES "
    "('table', 't', 't', 0, 'CREATE VIRTUAL TABLE t USING fts5(x)');",
    "computed column": "ALTER TABLE studies ADD COLUMN g TEXT GENERATED ALWAYS AS "
    "(hex(zeroblob(400000000)));",
    "computed index": "CREATE INDEX i ON trials (hex(zeroblob(400000000 + number * 0)));",
}


@pytest.mark.parametrize("statements", COMPUTED.values(), ids=COMPUTED)
def test_a_database_that_computes_what_it_gives_is_none_of_optunas(
    tmp_path: Path, statements: str
) -> None:
    """A few words in one ask for rows without an end: they are not asked."""
    MadeStudy(tmp_path, ["conv1", "dense"], trials=3).write_trials()
    path = tmp_path / "study.db"
    assert glance(path) is not None
    if "INDEX" in statements:
        another_programs_database(path, "DELETE FROM trials;")  # it would be computed for each
    another_programs_database(path, statements)
    address = Address.parse(f"sqlite:///{path}")
    with pytest.raises(SettingError, match="not an SQLite database of Optuna"):
        open_storage(address)
    with pytest.raises(StudyError, match="not an SQLite database of Optuna"):
        open_for_reading(address)
    assert glance(path) is None
