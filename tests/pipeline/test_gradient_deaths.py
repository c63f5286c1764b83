"""Commands whose derivatives' process is killed, as a native crash does."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import answer

import mpsearch
from mpsearch.cli.main import run
from mpsearch.model.backend import keras
from mpsearch.model.gradients.remote import RemoteGradients

pytestmark = pytest.mark.tf
SEARCH = [
    "search",
    "--budget",
    "2",
    "--budget-on",
    "search",
    "--out",
    "s",
    "--schemes",
    "original,fl16,fix8",
]

Kill = Callable[[int], list[int]]


def state(pid: int) -> str:
    """``Z`` where a process is dead, and nobody has waited for it yet."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Kill:
    """Have processes die of SIGSEGV when they are asked, so many of them; returns their ids."""

    def so_often(times: int) -> list[int]:
        killed: list[int] = []
        ask = RemoteGradients.__call__

        def killed_first(self: RemoteGradients, *args: Any) -> Any:
            for _ in range(times - len(killed)):
                self.prepare()
                assert self._child is not None
                killed.append(self._child.pid)
                os.kill(self._child.pid, signal.SIGSEGV)
                while state(self._child.pid) != "Z":
                    time.sleep(0.001)
                if times - len(killed):
                    self._end_with(self._close())
            return ask(self, *args)

        monkeypatch.setattr(RemoteGradients, "__call__", killed_first)
        return killed

    return so_often


def test_a_search_goes_on_when_it_dies_once(
    here: Path, capsys: pytest.CaptureFixture[str], crash: Kill
) -> None:
    killed = crash(1)
    assert run([*SEARCH, "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert len(killed) == 1
    assert err == (
        "mpsearch: note: the process that computes gradients was killed by SIGSEGV; another was "
        "started\n"
    )
    assert json.loads(out)["single_changes"] == 0
    assert json.loads(out)["gradient_passes"] > 0


def test_a_search_does_without_when_it_dies_twice_and_so_does_the_resumed_one(
    here: Path, capsys: pytest.CaptureFixture[str], crash: Kill
) -> None:
    killed = crash(2)
    assert run([*SEARCH, "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert len(killed) == 2
    assert err == (
        "mpsearch: note: layers are screened by measuring single changes, not by gradients: the "
        "process that computes them was killed by SIGSEGV 2 times\n"
    )
    first = json.loads(out)
    assert first["gradient_passes"] == 0
    assert first["one_change_optimal"]
    assert run([*SEARCH, "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "gradients failed earlier in this study" in err
    assert len(killed) == 2  # it was not asked again
    changes = first["single_changes"]
    assert f"{changes} single changes measured in place of gradients" in out
    assert json.loads((here / "s/plan.json").read_text())["plan"] == first["plan"]


def test_a_profile_is_written_without_predictions(
    here: Path, capsys: pytest.CaptureFixture[str], crash: Kill
) -> None:
    crash(2)
    assert run(["profile", "--out", "p", "--schemes", "fl16,fix8", "--quiet"]) == 0
    assert capsys.readouterr().err == (
        "mpsearch: note: first-order predictions are left out: the process that computes them was "
        "killed by SIGSEGV 2 times\n"
    )
    assert (here / "p/profile.csv").read_text().count("\n") == 1 + 6 * 2


def test_a_look_ahead_is_had_all_the_same(
    here: Path, capsys: pytest.CaptureFixture[str], crash: Kill
) -> None:
    crash(2)
    assert answer(capsys, *SEARCH, "--dry-run")["plans"] > 0


def test_from_python_it_is_a_warning(here: Path, crash: Kill) -> None:
    crash(2)
    bench = mpsearch.load()
    with pytest.warns(RuntimeWarning, match="killed by SIGSEGV 2 times"):
        result = mpsearch.find_plan(bench, budget_pp=2.0, trials=12, folder=here / "s")
    assert result.feasible
    assert result.single_changes > 0


def test_a_layer_that_only_this_program_knows_is_screened_by_measurement(here: Path) -> None:
    @keras.saving.register_keras_serializable("only_here")
    class Doubled(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return 2 * inputs

    inputs = keras.Input((6, 6, 1))
    found = keras.layers.Conv2D(3, 3, activation="relu", name="conv")(inputs)
    found = Doubled(name="doubled")(keras.layers.Flatten()(found))
    found = keras.layers.Dense(3, activation="softmax", name="dense")(found)
    keras.Model(inputs, found).save(here / "own.keras")
    np.savez(here / "x.npz", x=np.random.default_rng(0).integers(0, 256, (3, 6, 6, 1), np.uint8))
    bench = mpsearch.load("own.keras", "x.npz", preprocess="unit", allow_unsafe_model=True)
    with pytest.warns(RuntimeWarning, match=r"not by gradients: .* cannot load the model \(.*own"):
        result = mpsearch.find_plan(bench, budget_pp=50.0, folder=here / "s")
    assert result.gradient_passes == 0
    assert result.single_changes > 0
