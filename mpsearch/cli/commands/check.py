"""``mpsearch check``: the original program's three reports."""

import argparse
import json
from pathlib import Path

from mpsearch.api.check import check
from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_workbench, note_default_model, require_schemes
from mpsearch.cli.progress import make_progress
from mpsearch.cli.settings import settings
from mpsearch.schemes import family_members, parse_scheme
from mpsearch.values.errors import SettingError
from mpsearch.values.parts import Parts


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if (args.kind == "specific") != (args.quanti_array is not None):
        raise SettingError(
            "check specific needs --quanti-array, and only it takes one; write for instance "
            "--quanti-array quanti_array.py"
        )
    config, _ = settings(args)
    require_schemes(config)
    schemes = config.schemes or family_members("bitwiseAnd")
    schemes = tuple(parse_scheme(name).name for name in schemes)
    workbench = load_workbench(config)
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
