"""``mpsearch create``."""

import argparse
import json
from pathlib import Path
from typing import Any

from mpsearch.cli.options import (
    add_command,
    add_model,
    load_model,
    note_default_model,
    settings,
)
from mpsearch.cli.progress import make_progress
from mpsearch.values.parts import Parts


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "create",
        _run,
        "write one .npy file per kernel and bias",
        "The original program's folders, MODEL/SCHEME/LAYER_kernel.npy and LAYER_bias.npy; for "
        "bitwiseAnd also model.json and the weights.",
    )
    parser.add_argument(
        "families",
        nargs="+",
        metavar="FAMILY",
        help="bitwiseAnd (all its masks), fl16, fix8, prun_T, or any scheme",
    )
    parser.add_argument("--out", metavar="DIR", default=".", help="where to write (default: here)")
    add_model(parser)


def _run(args: argparse.Namespace) -> int:
    from mpsearch.schemes import family_members, parse_scheme  # noqa: PLC0415 - numpy

    names = [name for family in args.families for name in family_members(family)]
    schemes = {name: parse_scheme(name) for name in dict.fromkeys(names)}
    config, _ = settings(args)
    model = load_model(config)
    from mpsearch.api.create import create_folders  # noqa: PLC0415 - TensorFlow

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
