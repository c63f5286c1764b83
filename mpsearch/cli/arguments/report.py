"""``mpsearch report``."""

import argparse
from typing import Any

from mpsearch.cli.arguments.shared import add_command, add_storage
from mpsearch.cli.settings import existing_folder


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "report",
        "make a page, figures and tables of a study, or compare two",
        "Reads the study's folder and storage alone: neither the model nor the images are needed. "
        "Writes report.html, one page that needs no network, with the figures as PNG and the "
        "tables as CSV, Markdown and LaTeX beside it; of two studies, compare.html. A search that "
        "was interrupted is reported by what it has measured.",
    )
    parser.add_argument("study", metavar="STUDY", help="the study's folder")
    parser.add_argument(
        "other", metavar="STUDY2", nargs="?", help="another study to compare it with"
    )
    parser.add_argument(
        "--to",
        metavar="DIR",
        help="folder to write to (default: report in the study's folder; report/with-STUDY2 in the "
        "first one's)",
    )
    add_storage(parser)


def check(args: argparse.Namespace) -> None:
    """Refuse a folder that is not there.

    Raises:
        StudyError: Names it.
    """
    existing_folder(args.study)
    if args.other is not None:
        existing_folder(args.other)
