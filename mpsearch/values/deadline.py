"""The time that a call may take, set-up included."""

import time
from dataclasses import dataclass, field

from mpsearch.values.errors import SettingError
from mpsearch.values.progress import Progress, Silent, Work


class OutOfTime(SettingError):  # noqa: N818 - an end that was asked for
    """The time that was allowed has passed before there was anything to return."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call has to end.

    Attributes:
        seconds: Time that the call may take; None for any.
        begun: When it began, in seconds of ``time.monotonic``.
    """

    seconds: float | None = None
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float | None:
        """Seconds left, 0 or more; None for any number."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - (time.monotonic() - self.begun))

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0

    def require(self, task: str) -> None:
        """Check that time is left.

        Args:
            task: What is being done, for the message.

        Raises:
            OutOfTime: If none is.
        """
        if self.has_passed:
            raise OutOfTime(
                f"`timeout` = {self.seconds:g} s ended while {task}: what was done is kept; allow "
                "more, and the same search goes on"
            )


class Timed:
    """A progress that ends work when its time has passed.

    Args:
        deadline: When that is.
        progress: Receives everything.
    """

    def __init__(self, deadline: Deadline, progress: Progress | None = None) -> None:
        self._deadline, self._progress = deadline, progress or Silent()
        self._task = "setting up"

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin a task."""
        self._task = task
        self._progress.start(task, steps, done)
        self._deadline.require(task)

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        """Report steps.

        Raises:
            OutOfTime: If the time has passed.
        """
        self._progress.advance(steps, remark, work)
        self._deadline.require(self._task)

    def finish(self) -> None:
        """Close the task."""
        self._progress.finish()
