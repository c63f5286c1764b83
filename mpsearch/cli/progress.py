"""How far long work is: a live line on terminals, plain lines elsewhere."""

import atexit
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from mpsearch.core.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import TaskID

_PLAIN_EVERY: Final = 10.0  # seconds between plain lines


def make_progress(quiet: bool) -> Progress:
    """The listener that fits where stderr goes."""
    if quiet:
        return Silent()
    return LiveLine() if sys.stderr.isatty() else PlainLines()


class PlainLines:
    """A line every ten seconds, for logs."""

    def __init__(self) -> None:
        self._task = ""
        self._steps = self._done = self._before = 0
        self._begun = self._last = 0.0

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin a task."""
        self._task, self._steps, self._done, self._before = task, steps, done, done
        self._begun = self._last = time.monotonic()

    def advance(self, steps: int = 1, remark: str = "") -> None:
        """Report steps; prints now and then."""
        self._done += steps
        self._steps = max(self._steps, self._done)  # some work has steps that come on top
        now = time.monotonic()
        if now - self._last < _PLAIN_EVERY:
            return
        self._last = now
        pace = (now - self._begun) / max(1, self._done - self._before)
        left = pace * (self._steps - self._done)
        text = f"{self._task}: {self._done} of {self._steps}, about {_clock(left)} left"
        print(f"{text}  {remark}".rstrip(), file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Close the task."""


class LiveLine:
    """One line that is drawn again and again; gone when the task is done."""

    def __init__(self) -> None:
        self._bar: Any = None
        # An error leaves the task open; the terminal gets its cursor back all the same.
        atexit.register(self.finish)
        self._task: TaskID | None = None

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin a task."""
        # Imported when the first bar is drawn: --help does not wait for it.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar  # noqa: PLC0415

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[remark]}"),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(task, total=steps, completed=done, remark="")

    def advance(self, steps: int = 1, remark: str = "") -> None:
        """Report steps."""
        if self._bar is None:  # work that belongs to no task
            return
        self._bar.update(self._task, advance=steps, **({"remark": remark} if remark else {}))
        (task,) = self._bar.tasks
        if task.completed > task.total:  # some work has steps that come on top
            self._bar.update(self._task, total=task.completed)

    def finish(self) -> None:
        """Close the task."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
