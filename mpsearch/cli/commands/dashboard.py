"""``mpsearch dashboard``."""

import argparse
import json
import sys

from mpsearch.api.dashboard import Dashboard
from mpsearch.cli.settings import existing_folder
from mpsearch.trust import storage_variable


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    folder = existing_folder(args.study)
    if not args.quiet:
        print("starting Optuna's dashboard, which takes some seconds", file=sys.stderr)
    with Dashboard.open(folder, args.port, args.storage or storage_variable()) as dashboard:
        print(
            json.dumps({"url": dashboard.url}) if args.json else f"dashboard       {dashboard.url}",
            flush=True,
        )
        try:
            dashboard.serve()
        except KeyboardInterrupt:
            return 0  # the way to end it
    return 0
