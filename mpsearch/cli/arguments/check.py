"""``mpsearch check``: the original program's three reports."""

from typing import Any, Final

from mpsearch.cli.arguments.shared import add_command, add_images, add_model, add_schemes, add_study

KINDS: Final = ("uniform", "each-layer", "specific")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "check",
        "write the original program's reports",
        "uniform: test.txt, all layers under one scheme; each-layer: check_each_layer.txt, one "
        "layer at a time; specific: check_specific.txt, layers 0 to i under a quanti_array. With "
        "several images, one folder per image.",
    )
    parser.add_argument("kind", choices=KINDS, help="which report")
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
