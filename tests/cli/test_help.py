"""The help of every command."""

import pytest
from command_line import commands

from mpsearch.cli.main import parser, run

COMMANDS = [
    *("predict", "create", "check", "profile", "search", "export", "report", "dashboard"),
    *("verify", "unpack", "schemes", "studies", "trust"),
]


# Help.


def test_there_are_these_commands() -> None:
    assert [name for name, _ in commands()] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command: str) -> None:
    actions = dict(commands())[command]._actions
    assert len(actions) > 3
    assert [a.dest for a in actions if not (a.help or "").strip()] == []


@pytest.mark.parametrize("argv", [[], *([command] for command in COMMANDS)], ids=str)
def test_help_exits_with_0_and_shows_every_option(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run([*argv, "--help"])
    out, err = capsys.readouterr()
    assert (caught.value.code, err) == (0, "")
    assert out.startswith(" ".join(["usage: mpsearch", *argv]))
    shown = dict(commands())[argv[0]] if argv else parser()
    for action in shown._actions:
        assert all(option in out for option in action.option_strings)
