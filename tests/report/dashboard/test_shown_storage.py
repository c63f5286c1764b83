"""The dashboard's view of a study: the best that keeps the limit, and nothing to write with."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from made_study import MadeStudy
from optuna.trial import TrialState

from mpsearch.propose.goal import Goal
from mpsearch.report.dashboard.attributes import CONSTRAINTS
from mpsearch.report.dashboard.shown_storage import ShownStorage
from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.opening import close_storage, open_for_reading
from mpsearch.study.trials import StudyTrials


def shown(folder: Path, seen: list[StudyTrials] | None = None) -> ShownStorage:
    def show(trials: StudyTrials) -> dict[str, object]:
        if seen is not None:
            seen.append(trials)
        return {"dashboard:note_str:0": f"{len(trials.trials)} plans"}

    address = Address.parse(sqlite_url(folder / "study.db"))
    return ShownStorage(open_for_reading(address), show, lambda: 0)


@pytest.fixture
def made(tmp_path: Path) -> MadeStudy:
    made = MadeStudy(tmp_path)
    made.write_trials()
    return made


@pytest.fixture
def storage(made: MadeStudy) -> Iterator[ShownStorage]:
    storage = shown(made.folder)
    yield storage
    close_storage(storage._storage)


def test_the_best_trial_is_the_best_that_keeps_the_limit(
    made: MadeStudy, storage: ShownStorage
) -> None:
    best = storage.get_best_trial(1)
    kept = [one for one in made.tried if one.drop_pp <= 2.0]
    assert best.value == min(one.nbytes for one in kept)
    # What Optuna says itself breaks the limit: else this test shows nothing.
    assert min(one.nbytes for one in made.tried) < min(one.nbytes for one in kept)


def test_where_nothing_keeps_the_limit_the_nearest_is_shown(tmp_path: Path) -> None:
    made = MadeStudy(tmp_path, goal=Goal("mean", None, 1))
    made.write_trials()
    storage = shown(tmp_path)
    nearest = min(made.tried, key=lambda one: (one.nbytes, one.drop_pp))
    assert storage.get_best_trial(1).user_attrs["nbytes"] == nearest.nbytes


def test_constraints_are_where_the_dashboard_reads_them(storage: ShownStorage) -> None:
    for trial in storage.get_all_trials(1):
        (excess,) = trial._system_attrs[CONSTRAINTS]
        assert excess == pytest.approx(trial.user_attrs["drop_pp"] - 2.0)
        assert storage.get_trial(trial._trial_id)._system_attrs[CONSTRAINTS] == [excess]
        assert {"nbytes", "drop_pp", "ratio", "origin"} <= set(trial.user_attrs)
        assert "confidence" not in trial.user_attrs


def test_it_is_asked_again_only_when_there_is_something_new(made: MadeStudy) -> None:
    seen: list[StudyTrials] = []
    storage = shown(made.folder, seen)
    assert storage.get_study_system_attrs(1)["dashboard:note_str:0"] == "24 plans"
    assert storage.get_all_studies()[0].system_attrs["study:metric_names"] == ["nbytes"]
    assert len(seen) == 1
    writing = optuna.load_study(storage=sqlite_url(made.folder / "study.db"), study_name="made")
    writing.add_trial(storage.get_all_trials(1)[0])
    assert storage.get_study_system_attrs(1)["dashboard:note_str:0"] == "25 plans"


def test_studies_of_others_and_damaged_ones_are_shown_as_they_are(made: MadeStudy) -> None:
    url = sqlite_url(made.folder / "study.db")
    optuna.create_study(storage=url, study_name="theirs").add_trial(
        optuna.trial.create_trial(value=1.0)
    )
    ours = optuna.load_study(storage=url, study_name="made")
    ours.set_user_attr("mpsearch:metric", "no such metric")
    damaged, theirs = shown(made.folder).get_all_studies()
    assert theirs.system_attrs == {}
    assert damaged.system_attrs["dashboard:note_str:0"].startswith("No report: ")


def test_a_damaged_trial_is_shown_as_failed_and_is_not_the_best(made: MadeStudy) -> None:
    kept = sorted(one.nbytes for one in made.tried if one.drop_pp <= 2.0)
    number = next(i for i, one in enumerate(made.tried) if one.nbytes == kept[0])
    with sqlite3.connect(made.folder / "study.db") as database:
        database.execute(
            "UPDATE trial_user_attributes SET value_json = '0.0' WHERE key = 'drop_pp' "
            f"AND trial_id = {number + 1}"
        )
    database.close()
    seen: list[StudyTrials] = []
    storage = shown(made.folder, seen)
    damaged = storage.get_all_trials(1)[number]
    assert (damaged.state, damaged.values) == (TrialState.FAIL, None)
    assert "checksum" in damaged.user_attrs["reason"]
    assert storage.get_best_trial(1).value == kept[1]
    assert len(storage.get_all_trials(1, states=(TrialState.COMPLETE,))) == len(made.tried) - 1
    storage.get_study_system_attrs(1)
    assert len(seen[0].trials) == len(made.tried) - 1
    assert len(seen[0].damage) == 1


def test_nothing_can_be_written(made: MadeStudy, storage: ShownStorage) -> None:
    before = (made.folder / "study.db").read_bytes()
    writes: list[Callable[[], object]] = [
        lambda: storage.delete_study(1),
        lambda: storage.create_new_study(["minimize"], "x"),
        lambda: storage.set_study_system_attr(1, "k", "v"),
        lambda: storage.set_study_user_attr(1, "k", "v"),
        lambda: storage.create_new_trial(1),
        lambda: storage.set_trial_state_values(1, TrialState.FAIL),
        lambda: storage.set_trial_user_attr(1, "k", "v"),
        lambda: storage.set_trial_system_attr(1, "k", "v"),
    ]
    for write in writes:
        with pytest.raises(PermissionError):
            write()
    assert (made.folder / "study.db").read_bytes() == before
