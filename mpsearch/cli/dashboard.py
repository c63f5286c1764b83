"""``mpsearch dashboard``."""

import argparse
import json
import sys
from typing import Any, Final

from mpsearch.cli.options import add_command
from mpsearch.cli.studies import add_storage, existing_folder
from mpsearch.trust import storage_variable

_PORT: Final = 8080


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "dashboard",
        _run,
        "look at a study in Optuna's dashboard, while it runs or after",
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


def _run(args: argparse.Namespace) -> int:
    folder = existing_folder(args.study)
    from mpsearch.api.dashboard import Dashboard  # noqa: PLC0415 - Optuna

    if not args.quiet:
        print("starting Optuna's dashboard, which takes some seconds", file=sys.stderr)
    with Dashboard(folder, args.port, args.storage or storage_variable()) as dashboard:
        print(
            json.dumps({"url": dashboard.url}) if args.json else f"dashboard       {dashboard.url}",
            flush=True,
        )
        try:
            dashboard.serve()
        except KeyboardInterrupt:
            return 0  # the way to end it
    return 0
