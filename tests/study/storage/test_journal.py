"""A journal file survives torn lines and full disks."""

import os
from itertools import count
from pathlib import Path

import optuna
import pytest
from bench_process import trials_of
from failing_disk import FailingDisk, no_file_beyond
from hypothesis import given
from hypothesis import strategies as st
from journal_cuts import require_cuts_survived
from numpy_network import NumpyNetwork, images
from optuna.trial import TrialState
from search_bench import SearchBench

from mpsearch.study.storage.address import Address
from mpsearch.study.storage.journal import Journal
from mpsearch.study.storage.opening import open_storage
from mpsearch.values.errors import EnvironmentFault, SettingError


def entry(number: int) -> dict[str, object]:
    """As long as its number."""
    return {"op_code": 8, "worker_id": "w", "trial_id": number, "user_attr": {"k": "v" * number}}


def numbers(path: Path) -> list[int]:
    return [one["trial_id"] for one in Journal(path).read_logs(0)]


@given(kept=st.integers(1, 5), torn=st.binary(max_size=9000).filter(lambda b: b"\n" not in b))
def test_whole_lines_are_kept_and_a_torn_one_is_cut(
    tmp_path_factory: pytest.TempPathFactory, kept: int, torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal"
    journal = Journal(path)
    journal.append_logs([entry(number) for number in range(kept)])
    with path.open("ab") as file:
        file.write(torn)
    again = Journal(path)
    again.append_logs([entry(5000)])  # longer than what is looked at in one piece
    again.append_logs([entry(9)])
    assert numbers(path) == [*range(kept), 5000, 9]
    assert list(again.read_logs(kept)) == list(Journal(path).read_logs(0))[kept:]
    assert not again.damaged


@given(end=st.integers(0, 100))
def test_a_first_line_that_is_torn_is_begun_anew(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal"
    Journal(path).append_logs([entry(100)])
    path.write_bytes(path.read_bytes()[:end])
    Journal(path).append_logs([entry(1)])
    assert numbers(path) == [1]


def test_a_file_that_is_no_journal_any_more_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    path.write_bytes(b"another program's, without an end of line")
    with pytest.raises(SettingError, match="left as it is"):
        journal.append_logs([entry(1)])
    assert path.read_bytes() == b"another program's, without an end of line"


def test_a_study_cut_anywhere_opens_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    address = Address.parse(f"journal:///{path}")
    study = optuna.create_study(storage=open_storage(address), study_name="s")
    for value in range(4):
        study.add_trial(optuna.trial.create_trial(value=value))
    whole = path.read_bytes()
    for end in range(len(whole) - 150, len(whole)):
        path.write_bytes(whole[:end])
        again = optuna.load_study(storage=open_storage(address), study_name="s")
        before = len(again.trials)
        again.add_trial(optuna.trial.create_trial(value=9))
        fresh = optuna.load_study(storage=open_storage(address), study_name="s")
        assert len(fresh.trials) == before + 1 >= 3


def test_cut_at_a_hundred_bytes_nothing_finished_is_lost(tmp_path: Path) -> None:
    assert require_cuts_survived(tmp_path / "journal", cuts=100) > 100


@pytest.mark.parametrize("for_good", [False, True])
def test_an_append_of_which_any_operation_fails_leaves_what_was_there(
    tmp_path: Path, for_good: bool
) -> None:
    path = tmp_path / "journal"
    Journal(path).append_logs([entry(0)])
    before = path.read_bytes()
    for nth in count(1):
        disk = FailingDisk(nth, for_good)
        with disk.broken():
            if not disk_refuses(path):
                break
        assert disk.has_failed
        assert path.read_bytes() == before
    assert nth == 4  # opening, a write and a sync
    assert numbers(path) == [0, 1, 2]


def disk_refuses(path: Path) -> bool:
    try:
        Journal(path).append_logs([entry(1), entry(2)])
    except OSError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs limits of file sizes")
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_a_study_on_a_disk_that_fills_up_keeps_what_was_finished(tmp_path: Path, kind: str) -> None:
    url = f"{kind}:///{tmp_path}/study"
    SearchBench(NumpyNetwork(), images(2)).search(url, 1.0, kind="random", trials=2)
    size = (tmp_path / "study").stat().st_size
    known: list[dict[str, object]] = []
    for room in range(0, 40_000, 10_000):
        search = SearchBench(NumpyNetwork(), images(2)).search
        with no_file_beyond(size + room), pytest.raises(EnvironmentFault, match="storage"):
            search(url, 1.0, kind="random", trials=4000)
        found = [t.params for t in trials_of(url) if t.state == TrialState.COMPLETE]
        assert found[: len(known)] == known
        known = found
    history = SearchBench(NumpyNetwork(), images(2)).search(
        url, 1.0, kind="random", trials=len(known) + 2
    )
    assert len(history.history) >= len(known) + 2
