"""``mpsearch predict``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command, add_images, add_model, add_study


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "predict",
        "print the three most probable classes of each image",
        "One line per image, as the original prediction_check.py printed it.",
    )
    add_study(parser)
    add_model(parser)
    add_images(parser)
