"""Trials read with one query per table: what Optuna reads row by row."""

import math
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.database import Database
from mpsearch.study.storage.opening import close_storage, open_storage

SPACES = {
    "b": CategoricalDistribution(("fl16", "fix8", "original")),
    "a": IntDistribution(1, 9),
    "c": FloatDistribution(0.5, 2.5),
}


def trials() -> list[FrozenTrial]:
    """One of every kind that a storage may hold."""
    return [
        create_trial(
            params={"b": "fix8", "a": 3, "c": 1.25},
            distributions=SPACES,
            values=[1.5, -2.0],
            user_attrs={"confidence": [0.1, 1 / 3], "origin": "öffnen", "none": None},
            constraints={"drop_over_budget_pp": -0.5},
        ),
        create_trial(values=[math.inf, -math.inf]),
        create_trial(
            state=TrialState.FAIL,
            intermediate_values={7: math.nan, 2: 0.5, 3: math.inf, 4: -math.inf},
            system_attrs={"k": {"x": [1]}},
        ),
        create_trial(
            state=TrialState.RUNNING,
            params={"b": "original"},
            distributions={"b": SPACES["b"]},
            user_attrs={"worker": "w", "beat": 3},
        ),
        create_trial(state=TrialState.WAITING),
        create_trial(
            params={"a": 3}, distributions={"a": IntDistribution(1, 4)}, values=[2.0, 3.0]
        ),
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies whose trials come by turns."""
    file = tmp_path_factory.mktemp("many") / "study.db"
    url = sqlite_url(file)
    storage = RDBStorage(url)
    studies = [
        optuna.create_study(storage=storage, study_name=name, directions=["minimize"] * 2)
        for name in ("one", "two")
    ]
    for trial in trials():
        for study in studies:
            study.add_trial(trial)
    close_storage(storage)
    return file


@pytest.fixture(scope="module")
def both(file: Path) -> Iterator[tuple[Database, RDBStorage]]:
    url = sqlite_url(file)
    ours, theirs = open_storage(Address.parse(url)), RDBStorage(url)
    assert isinstance(ours, Database)
    yield ours, theirs
    close_storage(ours)
    close_storage(theirs)


@pytest.mark.parametrize(
    "states", [None, (TrialState.COMPLETE,), (TrialState.RUNNING, TrialState.FAIL), ()]
)
@pytest.mark.parametrize(
    ("included", "after"), [(set(), -1), ({1, 7, 9}, -1), ({1, 7, 9}, 4), (set(), 6), ({2}, 99)]
)
def test_the_same_trials_are_read(
    both: tuple[Database, RDBStorage],
    states: tuple[TrialState, ...] | None,
    included: set[int],
    after: int,
) -> None:
    ours, theirs = both
    for study in (1, 2):
        found = ours._get_trials(study, states, included, after)
        known = theirs._get_trials(study, states, included, after)
        # A NaN equals nothing, itself neither; parameters are in the order they were written.
        assert list(map(repr, found)) == list(map(repr, known))
        assert [one.distributions for one in found] == [one.distributions for one in known]


def test_more_unfinished_trials_than_a_query_takes(both: tuple[Database, RDBStorage]) -> None:
    ours, theirs = both
    many = set(range(1, 3000))
    found, known = (one._get_trials(1, None, many, 2999) for one in (ours, theirs))
    assert [one.number for one in found] == [one.number for one in known] == list(range(6))


def test_a_search_that_looks_again_hears_of_what_has_finished(file: Path, tmp_path: Path) -> None:
    url = sqlite_url(Path(shutil.copy(file, tmp_path)))
    storage = open_storage(Address.parse(url))
    study = optuna.load_study(study_name="one", storage=storage)
    assert study.get_trials()[3].state == TrialState.RUNNING
    other = RDBStorage(url)
    running = other.get_all_trials(1)[3]
    other.set_trial_state_values(running._trial_id, TrialState.COMPLETE, [1.0, 2.0])
    optuna.load_study(study_name="one", storage=other).add_trial(create_trial(values=[3.0, 4.0]))
    again = study.get_trials()
    assert [again[3].values, again[-1].values] == [[1.0, 2.0], [3.0, 4.0]]
    assert len(again) == len(trials()) + 1
    close_storage(storage)
    close_storage(other)


def test_a_study_is_read_with_a_query_per_table(both: tuple[Database, RDBStorage]) -> None:
    ours, _ = both
    asked = []
    sqlalchemy.event.listen(
        ours.engine, "before_cursor_execute", lambda *event: asked.append(event[2])
    )
    ours.get_all_trials(1)
    assert len(asked) <= 7


def test_damage_is_refused_as_by_optuna(file: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(file, tmp_path))
    with closing(sqlite3.connect(copy)) as database:
        database.execute("UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'beat'")
        database.commit()
    for kind in (Database, RDBStorage):
        storage = kind(sqlite_url(copy))
        with pytest.raises(KeyError):
            storage.get_all_trials(3)
        with pytest.raises(ValueError, match="Expecting"):
            storage.get_all_trials(1)
        close_storage(storage)
