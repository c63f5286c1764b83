"""``mpsearch schemes``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "schemes", "list the schemes, or explain some")
    parser.add_argument("names", nargs="*", metavar="SCHEME", help="only these")
