"""A journal file survives torn lines and full disks."""

from pathlib import Path

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.search.storage.address import Address
from mpsearch.search.storage.journal import Journal
from mpsearch.search.storage.opening import open_storage


def entries(path: Path) -> list[object]:
    return list(Journal(path).read_logs(0))


@given(kept=st.integers(0, 5), torn=st.binary(max_size=9000).filter(lambda b: b"\n" not in b))
def test_whole_lines_are_kept_and_a_torn_one_is_cut(
    tmp_path_factory: pytest.TempPathFactory, kept: int, torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal"
    journal = Journal(path)
    journal.append_logs([{"entry": number} for number in range(kept)])
    with path.open("ab") as file:
        file.write(torn)
    Journal(path).append_logs([{"entry": "new"}])
    assert entries(path) == [*({"entry": number} for number in range(kept)), {"entry": "new"}]


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
