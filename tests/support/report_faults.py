"""A report written on a disk of which one operation after the other fails."""

import contextlib
import io
from itertools import count
from pathlib import Path

from failing_disk import FailingDisk

from mpsearch.cli.main import run

Files = dict[str, bytes]


def require_whole_files(study: Path, before: Path, step: int, for_good: bool) -> int:
    """Write a report over another, again and again, with a fault at every *step*th operation.

    Each time every file must be that of before, or the new one, or not there yet.

    Args:
        study: Reported; it must stay as it is.
        before: Another study, of which the folder holds a report.
        step: 1 for all operations.
        for_good: Whether all operations after the failing one fail, too.

    Returns:
        How many attempts failed.
    """
    folder = study.parent / f"report{step}{for_good}"
    _require_written(study, folder)
    new = _files(folder)
    kept = _files(study)
    for attempt, nth in enumerate(count(1, step)):
        _require_written(before, folder)
        old = _files(folder)
        disk = FailingDisk(nth, for_good)
        with contextlib.redirect_stderr(io.StringIO()) as said, disk.broken():
            code = run(["report", str(study), "--to", str(folder), "--quiet"])
        found = _files(folder)
        assert _files(study) == kept
        if not disk.has_failed:
            assert (code, found) == (0, {**old, **new})
            return attempt
        (line,) = said.getvalue().splitlines()
        assert code == 3
        assert line.startswith("mpsearch: error: cannot write ")
        assert set(found) <= set(old) | set(new)
        for name, content in found.items():
            assert content in (old.get(name), new.get(name)), f"{name} is torn"
        assert set(old) <= set(found)
    raise AssertionError


def _require_written(study: Path, folder: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["report", str(study), "--to", str(folder), "--quiet"]) == 0


def _files(folder: Path) -> Files:
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }
