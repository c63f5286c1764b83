"""Messages name settings in backticks; the command line writes them as its options."""

import argparse
from collections.abc import Iterator
from typing import Any

import pytest

from mpsearch.cli.flags import SETTINGS, with_flags
from mpsearch.cli.main import parser, run
from mpsearch.cli.notes import print_notes


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("give `holdout` above 0", "give --holdout above 0"),
        ("`budget_on` = unseen needs `budget`", "--budget-on unseen needs --budget"),
        ("`size` = 224x224", "--size 224x224"),
        ("`storage` = 'sqlite:///x' is", "--storage 'sqlite:///x' is"),
        ("the file `weights` = x", "the file `weights` = x"),
        ("`budget", "`budget"),
        ("no setting", "no setting"),
    ],
)
def test_a_setting_in_backticks_becomes_an_option(message: str, shown: str) -> None:
    assert with_flags(message) == shown
    assert with_flags(shown) == shown


def test_every_setting_is_an_option_of_a_command() -> None:
    assert {f"--{name.replace('_', '-')}" for name in SETTINGS} <= set(_options(parser()))


def _options(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in command._actions:
        yield from action.option_strings
        inner: Any = action.choices if isinstance(action, argparse._SubParsersAction) else {}
        for one in inner.values():
            yield from _options(one)


def test_errors_and_notes_go_through_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "--budget", "1", "--ratio", "2"]) == 2
    print_notes(["no `images` given"])
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "mpsearch: error: give one of --budget, --max-bytes, --ratio and --pareto, not several",
        "mpsearch: note: no --images given",
    ]
