"""``mpsearch predict``."""

import argparse
import json

from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_workbench
from mpsearch.cli.settings import settings
from mpsearch.report.text import top_three


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    config, _ = settings(args)
    workbench = load_workbench(config)
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
