"""What a terminal and a log see of long work."""

import io
import os
import sys

import pytest

from mpsearch.cli.progress import LiveLine, PlainLines, make_progress
from mpsearch.values.progress import Progress, Silent, Work

if sys.platform != "win32":
    import pty

CURSOR_SHOWN = b"\x1b[?25h"  # the last that is said


class Clock:
    """Time that goes as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_log_gets_a_line_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = PlainLines()
    progress.start("measuring", 100, done=40)
    for _ in range(30):
        clock.now += 1
        progress.advance(1, "remark")
    assert capsys.readouterr().err.splitlines() == [
        "measuring: 50 of 100, about 0:50 left  remark",
        "measuring: 60 of 100, about 0:40 left  remark",
        "measuring: 70 of 100, about 0:30 left  remark",
    ]


def test_work_counts_instead_of_steps_and_remarks_alone_do_not(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = PlainLines()
    progress.start("searching", 200)
    clock.now += 10
    progress.advance(1, work=Work(1, 360))
    progress.advance(0, "screening")
    clock.now += 10
    progress.advance(0, "screening")
    assert capsys.readouterr().err.splitlines() == [
        "searching: 1 of 200, about 1:00:00 left",
        "searching: 1 of 200, about 59:50 left  screening",
    ]


def test_work_that_belongs_to_no_task_is_not_reported(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = PlainLines()
    clock.now += 100
    progress.advance(1, "remark")
    progress.start("measuring", 3)
    progress.finish()
    clock.now += 100
    progress.advance(1, "remark")
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
def test_a_terminal_gets_one_line_with_numbers_however_narrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        progress: Progress = make_progress(quiet=False)
        assert isinstance(progress, LiveLine)
        progress.start("searching", 200)
        progress.advance(10, "a remark that is much too long for this terminal", Work(10, 0))
        progress.finish()
        terminal.flush()
        said = b""
        while CURSOR_SHOWN not in said:  # a terminal hands over what it has so far
            said += os.read(ours, 100_000)
    os.close(ours)
    assert b"10/200" in said
    assert b"0:00 left" in said
    assert b"a rem" in said


def test_quiet_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_progress(quiet=True), Silent)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(make_progress(quiet=False), PlainLines)
