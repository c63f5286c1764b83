"""Receiver of a search's progress and notes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mpsearch.values.progress import Progress, Silent


def _nothing(_note: str = "") -> None:
    pass


@dataclass(frozen=True, slots=True)
class Listener:
    """Receives progress, notes, and the news that the study is open.

    Attributes:
        progress: Receives every trial.
        on_open: Called when the study is open, and nothing of it is measured yet.
        on_note: Called with a sentence that the user should know.
    """

    progress: Progress = field(default_factory=Silent)
    on_open: Callable[[], None] = _nothing
    on_note: Callable[[str], None] = _nothing
