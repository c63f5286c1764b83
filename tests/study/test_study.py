"""What is written to a study is read back, by itself and by studies of the same subject."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from numpy_network import NumpyNetwork, images
from optuna.trial import TrialState
from search_bench import FINGERPRINT, SCHEMES, SearchBench

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.propose.menu import Menu
from mpsearch.search.meter import Meter
from mpsearch.study.checksum import TERMS
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.opening import close_storage, open_storage
from mpsearch.study.study import StudyStore
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.errors import StudyError
from mpsearch.values.plan import Plan

BENCH = SearchBench(NumpyNetwork(0, 1.0), images(3))
BASELINE = BENCH.engine.baseline.confidence
judged = Meter.of_all(BENCH.engine, "mean").judged
SMALLEST = BENCH.menu.plan(BENCH.menu.smallest)
FL16 = Plan.uniform(BENCH.menu.layers, "fl16")
ORIGINAL = Plan.uniform(BENCH.menu.layers, "original")

Open = Callable[..., StudyStore]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "study.db")


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    stores: list[StudyStore] = []

    def open_one(
        name: str,
        goal: Goal,
        *,
        menu: Menu = BENCH.menu,
        coding: str = "none",
        model: str = FINGERPRINT["model"],
        given: Sequence[Sequence[str]] = (),
        images_: str = FINGERPRINT["images"],
    ) -> StudyStore:
        subject = {**FINGERPRINT, "model": model, "images": images_}
        identity = Identity(subject, menu, goal, coding, images=given)
        stores.append(StudyStore.open(url, name, identity))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def measured(plan: Plan, drop_pp: float = 1.0) -> Tried:
    (one,) = BENCH.engine.measure([plan])
    return Tried(plan, 12345, drop_pp, one.confidence, one.margin, "surrogate", 7)


def require_equal(found: Tried, written: Tried) -> None:
    """All fields, floats to the bit."""
    assert (found.plan, found.nbytes, found.drop_pp) == (
        written.plan,
        written.nbytes,
        written.drop_pp,
    )
    assert (found.origin, found.stage_runs) == (written.origin, written.stage_runs)
    assert np.array_equal(found.confidence, written.confidence)
    assert np.array_equal(found.margin, written.margin)


def test_measurements_are_read_back_to_the_bit_and_once(opened: Open) -> None:
    goal = Goal("mean", 2.0)
    store = opened("study", goal)
    written = [measured(SMALLEST, 0.1 + 0.2), measured(FL16, 1 / 3)]
    for one in written:
        store.add(one, original_nbytes=99999)
    for found, one in zip(store.unread(), written, strict=True):
        require_equal(found, one)
    assert store.unread() == []
    again = opened("study", goal).history()
    for found, one in zip(again.tried, written, strict=True):
        require_equal(found, one)


def test_a_study_of_the_same_subject_knows_what_another_measured(opened: Open) -> None:
    other = opened("other", Goal("mean", 2.0), coding="entropy")
    one = measured(FL16, drop_pp=50.0)
    other.add(one, original_nbytes=99999)
    asking = opened("asking", Goal("max", None, 500))
    (found,) = asking.known_elsewhere(Meter.of_all(BENCH.engine, "max").judged).values()
    # Bytes and drop are of the study that asks: the other coded and summed up otherwise.
    choice = BENCH.menu.choice(FL16)
    assert choice is not None
    drop = float(aggregate(drops_pp(BASELINE, one.confidence), "max"))
    require_equal(found, replace(one, nbytes=BENCH.menu.total(choice), drop_pp=drop, stage_runs=0))
    assert found.nbytes != one.nbytes
    assert asking.unread() == []


def test_what_it_measured_itself_is_not_known_elsewhere(opened: Open) -> None:
    store = opened("study", Goal("mean", 2.0))
    store.add(measured(FL16), original_nbytes=99999)
    assert store.known_elsewhere(judged) == {}


def test_plans_outside_the_menu_are_not_known_elsewhere(opened: Open) -> None:
    other = opened("other", Goal("mean", 2.0))
    other.add(measured(ORIGINAL), original_nbytes=99999)
    other.add(measured(FL16), original_nbytes=99999)
    smaller = SearchBench(NumpyNetwork(0, 1.0), images(3), SCHEMES[1:]).menu
    asking = opened("asking", Goal("mean", 2.0), menu=smaller)
    assert set(asking.known_elsewhere(judged)) == {FL16}


def test_another_model_s_measurements_are_not_known(opened: Open) -> None:
    other = opened("other", Goal("mean", 2.0), model="another")
    other.add(measured(FL16), original_nbytes=99999)
    assert opened("asking", Goal("mean", 2.0)).known_elsewhere(judged) == {}


def test_trials_that_measured_nothing_are_passed_over(opened: Open, url: str) -> None:
    goal = Goal("mean", 2.0)
    store = opened("study", goal)
    store.add(measured(FL16), original_nbytes=99999)
    storage = open_storage(Address.parse(url))
    study = optuna.load_study(study_name="study", storage=storage)
    # As the dashboard or a user's own script could add them.
    study.add_trial(optuna.trial.create_trial(value=1.0))
    study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
    study.ask()
    close_storage(storage)
    assert [one.plan for one in opened("study", goal).history().tried] == [FL16]
    assert set(opened("asking", Goal("mean", 1.0)).known_elsewhere(judged)) == {FL16}


def test_who_is_alone_claims_nothing_and_who_comes_waits_its_turn(opened: Open) -> None:
    goal = Goal("mean", 2.0)
    first = opened("study", goal)
    first.history()
    assert first.claim([SMALLEST, FL16]) == [SMALLEST, FL16]
    assert first.running == frozenset()
    second = opened("study", goal)
    second.history()
    assert second.claim([ORIGINAL]) == []  # the first has not noticed it yet
    assert first.claim([SMALLEST]) == [SMALLEST]
    assert second.claim([SMALLEST, FL16]) == [FL16]
    assert second.unread() == []
    assert second.running == {SMALLEST}
    second.release()
    first.add(measured(SMALLEST), original_nbytes=99999)
    assert [one.plan for one in second.unread()] == [SMALLEST]
    assert second.running == frozenset()


def test_a_study_of_another_subject_is_not_reopened(opened: Open) -> None:
    opened("study", Goal("mean", 2.0)).add(measured(FL16), original_nbytes=99999)
    with pytest.raises(StudyError, match="was started with another model"):
        opened("study", Goal("mean", 2.0), model="another")


def test_another_question_of_the_same_model_goes_beside_and_knows_what_was_measured(
    opened: Open,
) -> None:
    first = opened("study", Goal("mean", 2.0))
    first.add(measured(FL16), original_nbytes=99999)
    smaller = SearchBench(NumpyNetwork(0, 1.0), images(3), SCHEMES[1:]).menu
    stores = [
        opened("study", Goal("mean", 3.0)),
        opened("study", Goal("net", 3.0)),
        opened("study", Goal("mean", None, 500)),
        opened("study", Goal("mean")),
        opened("study", Goal("mean", 2.0), menu=smaller),
        opened("study", Goal("mean", 2.0), coding="entropy"),
    ]
    assert len({first.name, *(store.name for store in stores)}) == 7
    for store in stores:
        assert store.history().tried == []
        assert FL16 in store.known_elsewhere(judged)
        store.add(measured(SMALLEST), original_nbytes=99999)
    again = opened("study", Goal("mean", 2.0), menu=smaller)
    assert [tried.plan for tried in again.history().tried] == [SMALLEST]
    assert [tried.plan for tried in opened("study", Goal("mean", 2.0)).history().tried] == [FL16]


ABC = [["a.png", "1"], ["b.png", "2"], ["c.png", "3"]]


def test_images_may_be_added_and_renamed(opened: Open) -> None:
    goal = Goal("mean", 2.0)
    opened("study", goal, given=ABC[:2]).add(measured(FL16), original_nbytes=99999)
    assert opened("study", goal, given=ABC, images_="other").name == "study+mean-2pp"
    renamed = [["x.png", "2"], ["y.png", "1"]]
    assert opened("study", goal, given=renamed, images_="another").name.startswith("study+")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ABC[2:], r"2 were removed \(a.png, b.png\)"),
        (ABC[1:], r"1 was removed \(a.png\)"),
        ([["a.png", "9"], *ABC[1:]], r"1 was replaced \(a.png\)"),
        ([], r"3 were removed \(a.png, b.png, c.png\)"),
    ],
)
def test_images_that_are_missing_are_named(opened: Open, given: list[list[str]], said: str) -> None:
    goal = Goal("mean", 2.0)
    opened("study", goal, given=ABC).add(measured(FL16), original_nbytes=99999)
    with pytest.raises(StudyError, match=said):
        opened("study", goal, given=given, images_="other")


def test_a_study_that_does_not_say_what_it_is_about_is_not_reopened(
    opened: Open, tmp_path: Path
) -> None:
    opened("study", Goal("mean", 2.0)).add(measured(FL16), original_nbytes=99999)
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute("DELETE FROM study_user_attributes WHERE key = 'mpsearch:budget_pp'")
    database.close()
    with pytest.raises(StudyError, match="does not say with which budget_pp it was started"):
        opened("study", Goal("mean", 2.0))


def test_a_copy_under_another_name_keeps_its_measurements(opened: Open, url: str) -> None:
    """As Optuna's dashboard renames a study."""
    goal = Goal("mean", 2.0)
    opened("study", goal).add(measured(FL16), original_nbytes=99999)
    optuna.copy_study(
        from_study_name="study", from_storage=url, to_storage=url, to_study_name="renamed"
    )
    store = opened("renamed", goal)
    assert [one.plan for one in store.history().tried] == [FL16]
    assert store.damage() == ()


def test_what_is_set_later_damages_no_measurement(opened: Open) -> None:
    goal = Goal("mean", 2.0)
    store = opened("study", goal)
    store.add(measured(FL16), original_nbytes=99999)
    store.screen_by_measurement()
    store.add(measured(SMALLEST), original_nbytes=99999)
    again = opened("study", goal)
    assert [one.plan for one in again.history().tried] == [FL16, SMALLEST]
    assert again.damage() == ()


def test_the_checksum_covers_all_that_a_study_is_started_with() -> None:
    assert set(Identity(FINGERPRINT, BENCH.menu, Goal("mean", 2.0), "none")._terms) == set(TERMS)
