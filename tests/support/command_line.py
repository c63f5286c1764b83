"""Run a command as a user would, in this process."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mpsearch.cli.main import parser, run


def answer(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> Any:
    """What a command prints with --json; stdout must be that one object and nothing else."""
    assert run([*argv, "--json", "--quiet"]) == code
    return json.loads(capsys.readouterr().out)


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command and its parser."""
    for action in parser()._actions:  # argparse has no public way to see its options
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()
