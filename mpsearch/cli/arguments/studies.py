"""``mpsearch studies``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "studies",
        "list the studies of a folder",
        "State, finished trials, and the best plan so far, of the folder itself too if it is a "
        "study's. Only files are read: of a study on a server, those of its folder.",
    )
    parser.add_argument(
        "folder", nargs="?", default="studies", metavar="DIR", help="default: studies"
    )
