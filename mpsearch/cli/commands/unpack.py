"""``mpsearch unpack``."""

import argparse
import json
from pathlib import Path

from mpsearch.api.unpack import unpack
from mpsearch.cli.opening import load_model
from mpsearch.cli.packed_model import require_model_of
from mpsearch.cli.settings import settings
from mpsearch.values.errors import SettingError


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    target = Path(args.to)
    if target.suffix != ".keras":
        raise SettingError(f"--to {args.to!r} is no .keras file; give a name that ends in .keras")
    config, _ = settings(args)
    path = Path(args.file)
    require_model_of(path, config)
    unpack(path, load_model(config), target, args.force)
    print(json.dumps({"file": str(target)}) if args.json else target)
    return 0
