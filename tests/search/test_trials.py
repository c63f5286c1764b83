"""Reading a study's trials changes nothing and needs nothing but its storage."""

import sqlite3
from pathlib import Path

import pytest
from made_study import MadeStudy

from mpsearch.core.errors import StudyError
from mpsearch.search.goal import Goal
from mpsearch.search.storage.address import sqlite_url
from mpsearch.search.trials import read_trials


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


@pytest.mark.parametrize("value", ['"text"', "-5", "NaN", "1e999", "[]"])
def test_a_trial_that_says_nonsense_is_refused(tmp_path: Path, value: str) -> None:
    MadeStudy(tmp_path).write_trials()
    file = tmp_path / "study.db"
    with sqlite3.connect(file) as database:
        database.execute(
            "UPDATE trial_user_attributes SET value_json = ? WHERE key = 'nbytes'", (value,)
        )
    database.close()
    with pytest.raises(StudyError, match="cannot be read"):
        read_trials(sqlite_url(file))
