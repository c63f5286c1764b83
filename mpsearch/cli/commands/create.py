"""``mpsearch create``."""

import argparse
import json
from pathlib import Path

from mpsearch.api.create import create_folders
from mpsearch.cli.opening import load_model, note_default_model
from mpsearch.cli.progress import make_progress
from mpsearch.cli.settings import settings
from mpsearch.schemes import family_members, parse_scheme
from mpsearch.values.parts import Parts


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    names = [name for family in args.families for name in family_members(family)]
    schemes = {name: parse_scheme(name) for name in dict.fromkeys(names)}
    config, _ = settings(args)
    model = load_model(config)
    progress = make_progress(args.quiet)
    parts = Parts()
    folders = create_folders(model, list(schemes.values()), Path(args.out), progress, parts)
    note_default_model(config)
    if args.json:
        print(json.dumps({"folders": {k: str(v) for k, v in folders.items()}}))
    else:
        for folder in folders.values():
            print(folder)
    parts.raise_failed()
    return 0
