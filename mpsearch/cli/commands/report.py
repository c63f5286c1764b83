"""``mpsearch report``."""

import argparse
import json
from pathlib import Path

from mpsearch.api.report import WrittenReport, write_comparison, write_report
from mpsearch.cli.settings import existing_folder
from mpsearch.trust import storage_variable


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    study = existing_folder(args.study)
    other = None if args.other is None else existing_folder(args.other)
    target = None if args.to is None else Path(args.to)
    if other is None:
        written = write_report(study, target, args.storage or storage_variable())
    else:
        written = write_comparison(study, other, target, args.storage)
    print(json.dumps(_as_json(written), ensure_ascii=False) if args.json else _text(written))
    return 0


def _as_json(written: WrittenReport) -> dict[str, object]:
    return {
        "page": str(written.page),
        "sentence": written.sentence,
        "figures": [str(path) for path in written.pictures],
        "tables": [str(path) for path in written.tables],
        "left_out": list(written.left_out),
    }


def _text(written: WrittenReport) -> str:
    folder = written.page.parent
    beside = [f"{len(written.pictures)} figures"]
    if written.tables:
        beside.append(f"{len(written.tables)} tables")
    lines = [
        written.sentence,
        *(f"note            {lack}" for lack in written.left_out),
        f"page            {written.page}",
        f"beside it       {' and '.join(beside)} in {folder}",
    ]
    return "\n".join(lines)
