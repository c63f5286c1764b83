"""Whatever happens to a file, the child process has an answer and its parent lives."""

from pathlib import Path

import pytest
from mutated import mutated_files

from mpsearch.model.inspection.process import inspected
from mpsearch.model.inspection.verdict import Verdict


@pytest.mark.slow
@pytest.mark.parametrize("count", [12, pytest.param(40, marks=pytest.mark.long)])
def test_mutated_files_get_a_verdict(tmp_path: Path, count: int) -> None:
    outcomes = set()
    for ending, content in mutated_files(seed=1, count=count):
        path = tmp_path / f"net{ending}"
        path.write_bytes(content)
        verdict = inspected(path)
        assert isinstance(verdict, Verdict)
        outcomes.add(bool(verdict.reason or verdict.foreign))
    assert outcomes == {True, False}
