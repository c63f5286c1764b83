"""``mpsearch predict``."""

import argparse
import json
from typing import Any

from mpsearch.cli.options import (
    add_command,
    add_images,
    add_model,
    add_study,
    load_workbench,
    settings,
)


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "predict",
        _run,
        "print the three most probable classes of each image",
        "One line per image, as the original prediction_check.py printed it.",
    )
    add_study(parser)
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    config, _ = settings(args)
    workbench = load_workbench(config)
    from mpsearch.cli.notes import print_notes  # noqa: PLC0415
    from mpsearch.report.text import top_three  # noqa: PLC0415 - numpy

    print_notes(workbench.notes)
    said = workbench.baseline
    if args.json:
        images = [
            {
                "image": name,
                "top": [
                    [workbench.classes[int(index)], float(probability)]
                    for index, probability in zip(classes, probabilities, strict=True)
                ],
            }
            for name, classes, probabilities in zip(
                workbench.images, said.top_classes, said.top_probabilities, strict=True
            )
        ]
        print(json.dumps({"images": images}, ensure_ascii=False))
        return 0
    for row in range(len(workbench.images)):
        prefix = f"{workbench.images[row]}: " if len(workbench.images) > 1 else ""
        print(prefix + top_three(said, row, workbench.classes))
    return 0
