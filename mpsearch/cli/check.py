"""``mpsearch check``: the original program's three reports."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
    add_command,
    add_images,
    add_model,
    add_schemes,
    add_study,
    load_workbench,
    note_default_model,
    require_schemes,
    settings,
)
from mpsearch.cli.progress import make_progress
from mpsearch.values.errors import SettingError
from mpsearch.values.parts import Parts

_KINDS: Final = ("uniform", "each-layer", "specific")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "check",
        _run,
        "write the original program's reports",
        "uniform: test.txt, all layers under one scheme; each-layer: check_each_layer.txt, one "
        "layer at a time; specific: check_specific.txt, layers 0 to i under a quanti_array. With "
        "several images, one folder per image.",
    )
    parser.add_argument("kind", choices=_KINDS, help="which report")
    add_study(parser)
    parser.add_argument("--out", metavar="DIR", default=".", help="where to write (default: here)")
    parser.add_argument(
        "--quanti-array",
        dest="quanti_array",
        metavar="LIST|FILE",
        help="for specific: a Python list of scheme names, or a .py or .json file with one",
    )
    add_schemes(parser, "the original's eleven masks, bitwiseAnd_1 to bitwiseAnd_22")
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    if (args.kind == "specific") != (args.quanti_array is not None):
        raise SettingError(
            "check specific needs --quanti-array, and only it takes one; write for instance "
            "--quanti-array quanti_array.py"
        )
    from mpsearch.schemes import family_members, parse_scheme  # noqa: PLC0415 - numpy

    config, _ = settings(args)
    require_schemes(config)
    schemes = config.schemes or family_members("bitwiseAnd")
    schemes = tuple(parse_scheme(name).name for name in schemes)
    workbench = load_workbench(config)
    from mpsearch.api.check import check  # noqa: PLC0415

    print_notes(workbench.notes)
    parts = Parts()
    paths = check(
        workbench,
        args.kind,
        Path(args.out),
        schemes=schemes,
        quanti_array=args.quanti_array,
        progress=make_progress(args.quiet),
        parts=parts,
    )
    if args.quanti_array is not None and config.images is None:
        note_default_model(config)
    if args.json:
        print(json.dumps({"reports": [str(path) for path in paths]}))
    else:
        for path in paths:
            print(path)
    parts.raise_failed()
    return 0
