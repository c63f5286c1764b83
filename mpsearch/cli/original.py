"""The original program's scripts: their own few options, the same commands behind them."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from mpsearch.cli.main import run
from mpsearch.model.quiet import keep_stderr_for_python

#: What the original had written into every script.
MODEL = "keras:VGG19"
IMAGE = "mug.jpg"


def run_original(
    description: str, command: Sequence[str], *, takes_image: bool, writes: bool
) -> NoReturn:
    """Run one of the original's scripts and exit.

    Args:
        description: The script's docstring.
        command: The ``mpsearch`` command it stands for, with what it had built in.
        takes_image: Offer ``--image``.
        writes: Offer ``--out``.
    """
    summary = description.strip().splitlines()[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--model", default=MODEL, help=f"default: {MODEL}")
    if takes_image:
        parser.add_argument("--image", default=IMAGE, help=f"default: {IMAGE}")
    if writes:
        parser.add_argument("--out", default=".", help="where to write (default: here)")
    args, rest = parser.parse_known_args()
    argv = [*command, "--model", args.model]
    if takes_image:
        argv += ["--images", args.image]
    if writes:
        argv += ["--out", args.out]
    keep_stderr_for_python()
    sys.exit(run([*argv, *rest]))
