"""``mpsearch report``."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpsearch.cli.options import add_command
from mpsearch.cli.studies import add_storage, existing_folder
from mpsearch.trust import storage_variable

if TYPE_CHECKING:
    from mpsearch.api.report import WrittenReport


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "report",
        _run,
        "make a page, figures and tables of a study, or compare two",
        "Reads the study's folder and storage alone: neither the model nor the images are needed. "
        "Writes report.html, one page that needs no network, with the figures as PNG and the "
        "tables as CSV, Markdown and LaTeX beside it; of two studies, compare.html. A search that "
        "was interrupted is reported by what it has measured.",
    )
    parser.add_argument("study", metavar="STUDY", help="the study's folder")
    parser.add_argument("other", metavar="STUDY2", nargs="?", help="another to compare it with")
    parser.add_argument(
        "--to",
        metavar="DIR",
        help="folder to write to (default: report in the study's folder; report/with-STUDY2 in the "
        "first one's)",
    )
    add_storage(parser)


def _run(args: argparse.Namespace) -> int:
    study = existing_folder(args.study)
    other = None if args.other is None else existing_folder(args.other)
    target = None if args.to is None else Path(args.to)
    from mpsearch.api.report import write_comparison, write_report  # noqa: PLC0415 - matplotlib

    if other is None:
        written = write_report(study, target, args.storage or storage_variable())
    else:
        written = write_comparison(study, other, target, args.storage)
    print(json.dumps(_as_json(written), ensure_ascii=False) if args.json else _text(written))
    return 0


def _as_json(written: "WrittenReport") -> dict[str, object]:
    return {
        "page": str(written.page),
        "sentence": written.sentence,
        "figures": [str(path) for path in written.pictures],
        "tables": [str(path) for path in written.tables],
        "left_out": list(written.left_out),
    }


def _text(written: "WrittenReport") -> str:
    folder = written.page.parent
    beside = [f"{len(written.pictures)} figures"]
    if written.tables:
        beside.append(f"{len(written.tables)} tables")
    lines = [
        written.sentence,
        *(f"note            {one}" for one in written.left_out),
        f"page            {written.page}",
        f"beside it       {' and '.join(beside)} in {folder}",
    ]
    return "\n".join(lines)
