"""How far long work is: a live line on terminals, plain lines elsewhere."""

import atexit
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from mpsearch.values.pace import Pace
from mpsearch.values.progress import Progress, Silent, Work

if TYPE_CHECKING:
    from rich.progress import TaskID

_PLAIN_EVERY: Final = 10.0  # seconds between plain lines


def make_progress(quiet: bool) -> Progress:
    """The listener that fits where stderr goes."""
    if quiet:
        return Silent()
    return LiveLine() if sys.stderr.isatty() else PlainLines()


class _Countdown:
    """Time left, computed anew whenever it is printed."""

    def __init__(self, steps: int, done: int) -> None:
        self._steps, self._before, self.done = steps, done, done
        self._pace = Pace(time.monotonic())
        self._end: float | None = None

    def advance(self, steps: int, work: Work | None) -> None:
        """Count steps; a remark alone says nothing of the time left."""
        self.done += steps
        if not steps:
            return
        if work is None:
            work = Work(self.done - self._before, self.steps - self.done)
        now = time.monotonic()
        left = self._pace.left(now, work)
        if left is not None:
            self._end = now + left

    @property
    def steps(self) -> int:
        """Steps of the task; some tasks get further steps while they run."""
        return max(self._steps, self.done)

    def __str__(self) -> str:
        if self._end is None:
            return "-:--"
        minutes, seconds = divmod(max(0, round(self._end - time.monotonic())), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class PlainLines:
    """A line every ten seconds, for logs."""

    def __init__(self) -> None:
        self._task = ""
        self._countdown = _Countdown(0, 0)
        self._last = 0.0

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin a task."""
        self._task, self._countdown = task, _Countdown(steps, done)
        self._last = time.monotonic()

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        """Report steps; prints now and then."""
        if not self._task:  # work that belongs to no task
            return
        count = self._countdown
        count.advance(steps, work)
        now = time.monotonic()
        if now - self._last < _PLAIN_EVERY:
            return
        self._last = now
        text = f"{self._task}: {count.done} of {count.steps}, about {count} left"
        print(f"{text}  {remark}".rstrip(), file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Close the task."""
        self._task = ""


class LiveLine:
    """One line that is drawn again and again; gone when the task is done."""

    def __init__(self) -> None:
        self._bar: Any = None
        # An error leaves the task open; the terminal gets its cursor back all the same.
        atexit.register(self.finish)
        self._task: TaskID | None = None
        self._countdown = _Countdown(0, 0)

    def start(self, task: str, steps: int, done: int = 0) -> None:
        """Begin a task."""
        # Imported when the first bar is drawn: --help does not wait for it.
        self._countdown = _Countdown(steps, done)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]} left"),
            # Where the terminal is narrow, the remark is cut.
            TextColumn(
                "{task.fields[remark]}",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            expand=True,
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(
            task, total=steps, completed=done, remark="", left=self._countdown
        )

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        """Report steps."""
        if self._bar is None:  # work that belongs to no task
            return
        count = self._countdown
        count.advance(steps, work)
        fields = {"remark": remark} if remark else {}
        self._bar.update(self._task, completed=count.done, total=count.steps, **fields)

    def finish(self) -> None:
        """Close the task."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
