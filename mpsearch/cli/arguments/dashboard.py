"""``mpsearch dashboard``."""

import argparse
from typing import Any, Final

from mpsearch.cli.arguments.shared import add_command, add_storage
from mpsearch.cli.settings import existing_folder

_PORT: Final = 8080


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "dashboard",
        "show a study in Optuna's dashboard, while it runs or after",
        "Serves the study of a folder on this machine alone, read-only, until Ctrl-C: all trials, "
        "those that break the limit in gray, the best that keeps it, its quanti_array, figures "
        "and files. Nothing is written to the study. Needs the package optuna-dashboard: "
        "pip install 'mpsearch[dashboard]'.",
    )
    parser.add_argument("study", metavar="STUDY", help="the study's folder")
    add_storage(parser)
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"default: {_PORT}; 0 for one that is free"
    )


def check(args: argparse.Namespace) -> None:
    """Refuse a folder that is not there.

    Raises:
        StudyError: Names it.
    """
    existing_folder(args.study)
