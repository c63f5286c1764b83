"""Signals: their names, and work that one must not cut in two."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

_HELD: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def signal_name(number: int) -> str:
    """Such as ``SIGSEGV``; signals without a name are given by their number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextlib.contextmanager
def said_when_stopped(say: Callable[[], str]) -> Iterator[None]:
    """Let what stops the block tell what is kept of its work.

    Args:
        say: Gives the words when a signal, or Ctrl-C, ends the block; those of an inner block
            come first. They are the exception's note.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException as stop:
        if not getattr(stop, "__notes__", None):
            stop.add_note(say())
        raise


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP take effect after the block; the second one does at once.

    Elsewhere than in the main thread, where signals are never handled, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}
    caught: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        if len(caught) > 1 and callable(before[number]):
            before[number](number, frame)

    for number in _HELD:
        handler = signal.getsignal(number)
        if callable(handler):  # what is ignored, or kills, stays so
            before[number] = handler
            signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if len(caught) == 1:
            signal.raise_signal(caught[0])
