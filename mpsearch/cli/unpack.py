"""``mpsearch unpack``."""

import argparse
import json
from pathlib import Path
from typing import Any

from mpsearch.cli.options import add_command, add_model, load_model, settings
from mpsearch.cli.packed_model import require_model_of


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "unpack",
        _run,
        "restore a Keras model from a packed file",
        "Writes a .keras model that holds the file's decoded weights; --model gives the "
        "architecture, and may be left out for a file made from the bundled network.",
    )
    parser.add_argument("file", metavar="FILE", help="a .mpq file")
    parser.add_argument("--to", metavar="MODEL.keras", required=True, help="the model to write")
    parser.add_argument(
        "--force",
        action="store_true",
        help="take a --model with the same layers and other weights, which the file's replace",
    )
    add_model(parser)


def _run(args: argparse.Namespace) -> int:
    from mpsearch.values.errors import SettingError  # noqa: PLC0415

    target = Path(args.to)
    if target.suffix != ".keras":
        raise SettingError(f"--to {args.to!r} is no .keras file; give a name that ends in .keras")
    config, _ = settings(args)
    from mpsearch.api.unpack import unpack  # noqa: PLC0415

    path = Path(args.file)
    require_model_of(path, config)
    unpack(path, load_model(config), target, args.force)
    print(json.dumps({"file": str(target)}) if args.json else target)
    return 0
