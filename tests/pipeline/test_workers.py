"""``--workers``, as a user runs it: stopped, killed, and out of disk."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from bench_process import BenchProcess, trials_of
from command_line import answer
from optuna.trial import TrialState

from mpsearch.cli.main import run
from mpsearch.study.workers.process_identity import is_known_dead, this_process

pytestmark = [pytest.mark.tf, pytest.mark.slow, pytest.mark.xdist_group("processes")]
SEARCH = ["search", "--budget", "1", "--holdout", "0", "--sampler", "random", "--study-name", "s"]


def start(*argv: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "mpsearch", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def trials(folder: Path) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(storage=f"sqlite:///{folder}/study.db", study_name="s").get_trials()


def measured_by_workers(folder: Path) -> list[dict[str, Any]]:
    """Who has finished trials they had claimed."""
    if not (folder / "best.json").exists():
        return []
    return [
        one.user_attrs["worker"]
        for one in trials(folder)
        if one.state == TrialState.COMPLETE and "worker" in one.user_attrs
    ]


def wait_for_a_worker(
    process: "subprocess.Popen[str]", folder: Path, but: Sequence[int]
) -> list[dict[str, Any]]:
    """Wait until a process that *process* started has measured something; returns who has."""
    deadline = time.monotonic() + 200
    workers: list[dict[str, Any]] = []
    while not any(one["pid"] not in {process.pid, *but} for one in workers):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
        workers = measured_by_workers(folder)
    return workers


@pytest.mark.skipif(not this_process()["machine"], reason="needs /proc to see processes end")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.long)]
)
def test_when_the_coordinator_stops_all_stop_and_the_same_command_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    folder = here / "studies/s"
    with start(*SEARCH, "--trials", "5000", "--workers", "2") as process:
        workers = wait_for_a_worker(process, folder, ())
        if number == signal.SIGINT:  # one that dies is replaced
            killed = [one["pid"] for one in workers if one["pid"] != process.pid]
            os.kill(killed[0], signal.SIGKILL)
            workers = wait_for_a_worker(process, folder, killed)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert out == ""
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert "run the same command again" in err
        assert "Traceback" not in err
    deadline = time.monotonic() + 60
    while not all(is_known_dead(one) for one in workers):
        assert time.monotonic() < deadline, "a worker outlives its coordinator"
        time.sleep(0.2)
    before = [one for one in trials(folder) if one.state == TrialState.COMPLETE]
    found = answer(capsys, *SEARCH, "--trials", str(len(before) + 2))
    assert found["feasible"]
    after = trials(folder)
    assert TrialState.RUNNING not in {one.state for one in after}
    plans = [tuple(sorted(t.params.items())) for t in after if t.state == TrialState.COMPLETE]
    assert len(plans) == len(set(plans)) >= len(before) + 2
    assert run(["studies"]) == 0
    assert f"studies/s: finished, {len(plans)} trials: " in capsys.readouterr().out


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk takes the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_a_full_disk_is_said_and_the_study_stays_whole(small_disk: Path, kind: str) -> None:
    url = f"{kind}:///{small_disk}/study"
    full = BenchProcess(url, 600)
    assert full.wait() == 1
    assert full.fault.startswith("EnvironmentFault: the study's storage")
    kept = [t for t in trials_of(url) if t.state == TrialState.COMPLETE]
    assert kept
    grow(small_disk)
    last = BenchProcess(url, len(kept) + 3)
    assert last.wait() == 0, last.fault
    after = [t for t in trials_of(url) if t.state == TrialState.COMPLETE]
    assert [t.params for t in after[: len(kept)]] == [t.params for t in kept]


def test_a_command_on_a_full_disk_ends_with_3(
    here: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*SEARCH, "--trials", "5000", "--out", str(small_disk / "s"), "--quiet"]) == 3
    err = capsys.readouterr().err.strip().splitlines()
    assert err[-1].startswith("mpsearch: error: ")
    assert "space" in err[-1]
    grow(small_disk)
    argv = [*SEARCH, "--out", str(small_disk / "s")]
    kept = len(trials(small_disk / "s"))
    assert json.dumps(answer(capsys, *argv, "--trials", str(kept + 2)))
