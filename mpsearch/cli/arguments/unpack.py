"""``mpsearch unpack``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command, add_model


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "unpack",
        "restore a Keras model from a packed file",
        "Writes a .keras model that holds the file's decoded weights; --model gives the "
        "architecture, and may be left out for a file made from the bundled network.",
    )
    parser.add_argument("file", metavar="FILE", help="a .mpq file")
    parser.add_argument("--to", metavar="MODEL.keras", required=True, help="the model to write")
    parser.add_argument(
        "--force",
        action="store_true",
        help="accept a --model with other weights of the same layers; the file's replace them",
    )
    add_model(parser)
