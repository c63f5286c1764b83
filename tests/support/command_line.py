"""Run a command as a user would, in this process."""

import json
from typing import Any

import pytest

from mpsearch.cli.main import run


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    """What a command prints with --json; stdout must be that one object and nothing else."""
    assert run([*argv, "--json", "--quiet"]) == code
    return json.loads(capsys.readouterr().out)
