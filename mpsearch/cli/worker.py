"""``python -m mpsearch.cli.worker``: one process of ``mpsearch search --workers``.

Reads its settings, one line of JSON, from standard input, and measures until there is nothing left,
or until standard input ends: then the process that started it is gone, or wants it
to stop.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from mpsearch.api.profiling import profile_in
from mpsearch.api.search import help_search
from mpsearch.cli.main import catch_signals, guarded
from mpsearch.cli.opening import load_workbench
from mpsearch.model.quiet import keep_stderr_for_python
from mpsearch.values.question import Question


def main() -> NoReturn:
    """Entry point."""
    keep_stderr_for_python()
    catch_signals()
    # Read without a buffer: the thread below must not hold a lock on it when Python ends.
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        line = stdin.readline()
    threading.Thread(target=_stop_with_coordinator, daemon=True).start()
    if not line:
        sys.exit(0)
    order = json.loads(line)
    sys.exit(guarded(lambda: _assist(_question(order["question"]), Path(order["folder"]))))


def _assist(question: Question, folder: Path) -> int:
    workbench = load_workbench(question, coded=True)
    help_search(question, workbench, folder, profile_in(question, workbench, folder))
    return 0


def _question(values: Mapping[str, Any]) -> Question:
    return Question(**{key: _thawed(value) for key, value in values.items()})


def _thawed(value: Any) -> Any:
    """JSON has lists where settings have tuples."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: _thawed(entry) for key, entry in value.items()}
    return value


def _stop_with_coordinator() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
