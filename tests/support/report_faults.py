"""A report written on a disk of which one operation after the other fails."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
from failing_disk import FailingDisk

from mpsearch.api.report import RenderedReport
from mpsearch.core.errors import EnvironmentFault


def require_whole_files(
    report: RenderedReport, before: RenderedReport, folder: Path, for_good: bool
) -> int:
    """Write a report over another again and again, with a fault at every operation.

    Each time every file must be that of before or the new one, and nothing may lie beside them.

    Args:
        report: Written.
        before: What its folder holds.
        folder: That one; made.
        for_good: Whether all operations after the failing one fail, too.

    Returns:
        How many attempts failed.
    """
    new, old = _contents(report), _contents(before)
    assert set(new) == set(old)
    for nth in count(1):
        before.write(folder)
        disk = FailingDisk(nth, for_good)
        with disk.broken():
            try:
                report.write(folder)
            except EnvironmentFault:
                assert disk.has_failed
            else:
                assert not disk.has_failed
        found = {one.name: one.read_bytes() for one in folder.iterdir()}
        assert set(found) == set(new)
        assert all(content in (old[name], new[name]) for name, content in found.items())
        if not disk.has_failed:
            assert found == new
            return nth - 1
    raise pytest.fail.Exception("it fails for ever")


def _contents(report: RenderedReport) -> Mapping[str, bytes]:
    texts = {report.name: report.page, **report.tables}
    return {**report.pictures, **{name: text.encode() for name, text in texts.items()}}
