"""A pytest plugin that notes which functions of the project each test calls, in any thread.

Writes ``called_functions.json`` into the folder it runs in: the seconds of every test, and the
file and first line of each function it called. Functions that were called while modules were
imported, or in other processes, are not seen.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest

_HERE = f"{Path.cwd()}/"
_seconds: dict[str, float] = {}
_called: dict[str, set[CodeType]] = {}
_now: set[CodeType] = set()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """From before a test's fixtures are made until they are gone."""
    _now.clear()
    begun = time.perf_counter()
    threading.settrace(_note)
    sys.settrace(_note)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        _seconds[item.nodeid] = time.perf_counter() - begun
        _called[item.nodeid] = set(_now)


def pytest_sessionfinish() -> None:
    called = {
        test: sorted(
            (code.co_filename.removeprefix(_HERE), code.co_firstlineno)
            for code in codes
            if code.co_filename.startswith(_HERE)
        )
        for test, codes in _called.items()
    }
    Path("called_functions.json").write_text(json.dumps({"seconds": _seconds, "called": called}))


def _note(frame: FrameType, event: str, argument: object) -> None:
    _now.add(frame.f_code)  # returns nothing: its lines are not looked at
