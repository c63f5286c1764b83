"""Workers that die of signals; they are killed before they have imported anything."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpsearch.cli.crew import Crew, Share
from mpsearch.values.question import Question


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    made = Crew(Share(Question(workers=2), {}), tmp_path, 1)
    made.tend()
    yield made
    made.stop()


def kill(crew: Crew, number: signal.Signals) -> int:
    """Have the one worker die of a signal; returns its process id."""
    (worker,) = crew._workers
    os.kill(worker.process.pid, number)
    worker.process.wait()
    return worker.process.pid


def test_one_that_dies_of_a_signal_is_named_and_replaced(
    crew: Crew, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = kill(crew, signal.SIGSEGV)
    crew.tend()
    said = f"worker process {pid} was killed by SIGSEGV; another takes its place"
    assert capsys.readouterr().err == f"mpsearch: note: {said}\n"
    assert [worker.process.poll() for worker in crew._workers] == [None]
    assert crew.fault == ""


def test_one_that_keeps_dying_is_not_replaced(
    crew: Crew, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGFPE, signal.SIGILL):
        assert crew.fault == ""
        pid = kill(crew, number)
        crew.tend()
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 4
    assert notes[-1].endswith("was killed by SIGILL, as others before it; it is not replaced")
    assert crew.fault == f"worker processes keep dying, the last ({pid}) was killed by SIGILL"
    assert crew._workers == []


def test_one_that_died_unseen_is_named_at_the_end(
    crew: Crew, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = kill(crew, signal.SIGBUS)
    crew.stop()
    assert capsys.readouterr().err == f"mpsearch: note: worker process {pid} was killed by SIGBUS\n"


def test_one_that_is_stopped_is_not_named(crew: Crew, capsys: pytest.CaptureFixture[str]) -> None:
    crew.stop()
    assert capsys.readouterr().err == ""
