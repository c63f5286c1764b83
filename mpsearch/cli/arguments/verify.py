"""``mpsearch verify``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command, add_images, add_metric, add_model


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "verify",
        "prove a packed file",
        "Decodes every tensor of a .mpq file, compares it bit for bit with what its plan makes of "
        "the model, and with --images measures the confidence of the unpacked model by a plain "
        "forward pass. --model may be left out for a file made from the bundled network. Exit code "
        "1 if a tensor differs, 2 if the file is damaged or of another model.",
    )
    parser.add_argument("file", metavar="FILE", help="a .mpq file")
    add_metric(parser)
    add_model(parser)
    add_images(parser)
