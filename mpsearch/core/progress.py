"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """A listener for long work.

    ``start`` opens a task with the number of equal steps it has, ``advance`` reports steps
    done and may replace the remark beside the bar, ``finish`` closes the task.
    """

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin *task* of *steps* steps, *done* of which were done in an earlier run."""

    def advance(self, steps: int = 1, remark: str = "") -> None:
        """Report *steps* more steps as done."""

    def finish(self) -> None:
        """Close the current task."""


class Silent:
    """A listener that does not listen."""

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Ignore it."""

    def advance(self, steps: int = 1, remark: str = "") -> None:
        """Ignore it."""

    def finish(self) -> None:
        """Ignore it."""
