"""The time that a call may take."""

import pytest

from mpsearch.values.deadline import Deadline, OutOfTime, Timed
from mpsearch.values.progress import Silent


class Counted(Silent):
    """Counts what it receives."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self, task: str, steps: int, done: int = 0) -> None:
        self.calls.append(f"start {task} {steps} {done}")

    def advance(self, steps: int = 1, remark: str = "", work: object = None) -> None:
        self.calls.append(f"advance {steps} {remark}")

    def finish(self) -> None:
        self.calls.append("finish")


def test_without_a_limit_there_is_always_time() -> None:
    deadline = Deadline()
    assert deadline.left is None
    assert not deadline.has_passed
    deadline.require("anything")


def test_time_that_has_passed_is_said_with_what_it_ended() -> None:
    over = Deadline(5.0, begun=-1e9)
    assert over.left == 0.0
    with pytest.raises(OutOfTime, match=r"`timeout` = 5 s ended while encoding: what was done is"):
        over.require("encoding")


def test_work_is_ended_at_its_next_step_and_everything_is_passed_on() -> None:
    progress = Counted()
    timed = Timed(Deadline(1e9), progress)
    timed.start("encoding", 3, 1)
    timed.advance(2, "conv1")
    timed.finish()
    assert progress.calls == ["start encoding 3 1", "advance 2 conv1", "finish"]
    late = Timed(Deadline(1.0, begun=-1e9), progress)
    with pytest.raises(OutOfTime, match="while setting up"):
        late.advance()
    with pytest.raises(OutOfTime, match="while encoding"):
        late.start("encoding", 3)
