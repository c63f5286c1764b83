"""How long work tells how far it is, without knowing who listens."""

from typing import NamedTuple, Protocol


class Work(NamedTuple):
    """How far work is, in a unit that takes about the same time each.

    Attributes:
        done: Since the task was started.
        left: Estimate of the work that is left.
        seconds: Time it may take at most; None for no limit.
    """

    done: float
    left: float
    seconds: float | None = None


class Progress(Protocol):
    """A listener for long work.

    ``start`` opens a task with the number of steps it has, ``advance`` reports steps done and may
    replace the remark beside the bar, ``finish`` closes the task.
    """

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin *task* of *steps* steps, *done* of which were done in an earlier run."""

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        """Report *steps* more steps as done; *work* where steps say little of the time left."""

    def finish(self) -> None:
        """Close the current task."""


class Silent:
    """A listener that does not listen."""

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Ignore it."""

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        """Ignore it."""

    def finish(self) -> None:
        """Ignore it."""
