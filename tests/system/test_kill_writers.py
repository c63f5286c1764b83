"""Killed while they write, processes leave whole files, and no rest that the next one keeps."""

import sys
from pathlib import Path

import pytest
from write_process import kill_writers


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and file locks")
def test_killed_while_they_write(tmp_path: Path) -> None:
    kill_writers(tmp_path, kills=20)
