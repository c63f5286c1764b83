"""``mpsearch profile``."""

from typing import Any

from mpsearch.cli.arguments.shared import (
    add_coding,
    add_command,
    add_images,
    add_metric,
    add_model,
    add_schemes,
    add_study,
)


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "profile",
        "measure how sensitive each layer is",
        "Every weight layer under every scheme alone, every scheme on layers 0 to i, and on all "
        "layers; beside it the first-order prediction from one backward pass. Written to "
        "profile.json and profile.csv; an interrupted run goes on where it was.",
    )
    add_study(parser)
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    add_metric(parser)
    add_coding(parser)
    parser.add_argument("--out", metavar="DIR", help="where to write (default: the study's folder)")
    parser.add_argument(
        "--timings", action="store_true", help="print on stderr where the time went"
    )
    add_model(parser)
    add_images(parser)
