"""Reading a study's trials changes nothing and needs nothing but its storage."""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from made_study import MadeStudy

from mpsearch.propose.goal import Goal
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.trials import read_trials
from mpsearch.values.errors import StudyError


@pytest.mark.parametrize("name", ["plain", "with space", "a#b", "ü&=;'"])
def test_trials_are_read_as_they_were_measured(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    made = MadeStudy(folder, goal=Goal("p95", 1.5))
    made.write_trials()
    file = folder / "study.db"
    before = file.read_bytes()
    found = read_trials(sqlite_url(file))
    assert found is not None
    assert (found.name, found.goal, found.coding) == ("made", Goal("p95", 1.5), "none")
    assert [(t.plan, t.nbytes, t.drop_pp, t.origin) for t in found.trials] == [
        (t.plan, t.nbytes, t.drop_pp, t.origin) for t in made.tried
    ]
    assert found.original_nbytes == sum(layer.original_nbytes for layer in made.layers)
    assert found.identity["model"] == "model" * 8
    assert file.read_bytes() == before
    assert list(folder.iterdir()) == [file]


def test_a_study_is_found_by_its_name(tmp_path: Path) -> None:
    MadeStudy(tmp_path).write_trials()
    url = sqlite_url(tmp_path / "study.db")
    found = read_trials(url, "made")
    assert found is not None
    assert found.others == ()
    with pytest.raises(StudyError, match="no study 'other'; it has made"):
        read_trials(url, "other")


def test_what_is_no_storage_is_refused_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    with pytest.raises(StudyError, match="no such file"):
        read_trials(sqlite_url(file))
    assert not file.exists()
    file.write_bytes(b"no database" * 500)
    with pytest.raises(StudyError, match="cannot be read"):
        read_trials(sqlite_url(file))
    file.write_bytes(b"")
    with pytest.raises(StudyError, match="cannot be read"):
        read_trials(sqlite_url(file))
    assert file.read_bytes() == b""


@cache
def _database() -> bytes:
    with TemporaryDirectory() as folder:
        MadeStudy(Path(folder)).write_trials()
        return (Path(folder) / "study.db").read_bytes()


def written(folder: Path) -> Path:
    """The database of a study of 24 trials."""
    file = folder / "study.db"
    file.write_bytes(_database())
    return file


@pytest.mark.parametrize("value", ['"text"', "-5", "NaN", "1e999", "[]", "1", "null"])
@pytest.mark.parametrize("key", ["nbytes", "drop_pp", "confidence"])
def test_a_measurement_that_was_changed_is_left_out_and_said(
    tmp_path: Path, key: str, value: str
) -> None:
    file = written(tmp_path)
    change(
        file,
        f"UPDATE trial_user_attributes SET value_json = '{value}' WHERE key = '{key}' "
        "AND trial_id IN (3, 5)",
    )
    found = read_trials(sqlite_url(file))
    assert found is not None
    assert [t.plan for t in found.trials] == [
        one.plan for number, one in enumerate(MadeStudy(tmp_path).tried, 1) if number not in {3, 5}
    ]
    (said,) = found.damage
    assert said.startswith("2 measured plans are damaged in the storage, and left out; ")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trial_params SET param_value = 1 - min(1, param_value) WHERE trial_id = 3",
        "UPDATE trial_values SET value = value + 1 WHERE trial_id = 3",
        "DELETE FROM trial_values WHERE trial_id = 3",
        "DELETE FROM trial_params WHERE trial_id = 3",
        "UPDATE trial_user_attributes SET trial_id = 99 WHERE trial_id = 3 AND key = 'margin'",
        "UPDATE trial_system_attributes SET value_json = '-9' WHERE trial_id = 3",
    ],
)
def test_whatever_of_it_was_changed(tmp_path: Path, statement: str) -> None:
    file = written(tmp_path)
    change(file, statement)
    found = read_trials(sqlite_url(file))
    assert found is not None
    assert len(found.trials) == 23
    assert len(found.damage) == 1


@pytest.mark.parametrize("value", ['"text"', "-5", "NaN", "1e999", "[]"])
def test_nonsense_of_a_version_without_checksums_is_left_out(tmp_path: Path, value: str) -> None:
    file = written(tmp_path)
    change(file, "DELETE FROM trial_user_attributes WHERE key = 'checksum'")
    before = read_trials(sqlite_url(file))
    assert before is not None
    assert (len(before.trials), before.damage) == (24, ())
    change(file, f"UPDATE trial_user_attributes SET value_json = '{value}' WHERE key = 'nbytes'")
    found = read_trials(sqlite_url(file))
    assert found is not None
    assert found.trials == ()
    assert len(found.damage) == 1


def change(file: Path, statement: str) -> None:
    """Damage a database."""
    with sqlite3.connect(file) as database:
        assert database.execute(statement).rowcount
    database.close()
