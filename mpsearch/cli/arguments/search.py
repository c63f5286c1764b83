"""``mpsearch search``."""

import argparse
from typing import Any

from mpsearch.cli.arguments.shared import (
    add_coding,
    add_command,
    add_images,
    add_metric,
    add_model,
    add_schemes,
    add_study,
    comma_list,
)
from mpsearch.cli.settings import settings
from mpsearch.trust import STORAGE_VARIABLE
from mpsearch.values.choices import BUDGETS_ON, SAMPLERS


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "search",
        "find the smallest plan within a confidence-drop budget",
        "Every finished measurement is a trial of an Optuna study in the study's folder; the same "
        "command resumes it. Exit code 4 if no plan keeps the limit: the nearest one is written.",
    )
    add_study(parser)
    add_question(parser)
    add_search(parser)
    add_rules(parser)
    add_coding(parser)
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    add_model(parser)
    add_images(parser)


def add_question(parser: argparse.ArgumentParser) -> None:
    """Add the budget, size limit or front that is asked for."""
    group = parser.add_argument_group("what is asked (one of the first four)")
    group.add_argument(
        "--budget", metavar="PP", type=float, help="largest drop allowed, percentage points"
    )
    group.add_argument(
        "--max-bytes",
        dest="max_bytes",
        metavar="N",
        type=int,
        help="the gentlest plan whose parameters, all of them, take at most N bytes",
    )
    group.add_argument(
        "--ratio", metavar="R", type=float, help="the same: at least R times smaller than float32"
    )
    group.add_argument(
        "--pareto",
        action="store_true",
        default=None,
        help="the whole front of bytes against drop; --budget then chooses which plan of it is "
        "written (default: 2), at once if the front is finished",
    )
    add_metric(group)
    group.add_argument(
        "--budget-on",
        dest="budget_on",
        choices=BUDGETS_ON,
        help="unseen: the budget holds on images like these that no step has seen; search: on the "
        "images searched on alone (default: auto, unseen with 32 images or more)",
    )
    group.add_argument(
        "--sure",
        metavar="PERCENT",
        type=float,
        help="share of searches in which the drop on unseen images keeps the budget (default: 90)",
    )
    group.add_argument(
        "--guaranteed",
        action="store_const",
        const=True,
        help="rest that on a bound that assumes nothing of the images; it takes hundreds of them",
    )
    group.add_argument(
        "--holdout",
        metavar="SHARE",
        type=float,
        help="share of the images held back, 0 for none (default: five sixths for unseen "
        "images, half with --calibrate; else a third, with 4 images or more)",
    )


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add how it is searched, and where it is kept."""
    group = parser.add_argument_group("search")
    group.add_argument(
        "--sampler",
        choices=SAMPLERS,
        help="search method; brute measures all and proves the best (default: surrogate)",
    )
    group.add_argument(
        "--trials",
        metavar="N",
        type=int,
        help="finished trials in the study, at most, those of earlier runs included (default: 200; "
        "brute: as many as it takes); studies of --compare have as many of their own",
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=float,
        help="longest time of the command, loading and calibrating included",
    )
    group.add_argument("--seed", metavar="N", type=int, help="seed of the sampler (default: 0)")
    group.add_argument(
        "--study-name", dest="study_name", metavar="NAME", help="name of the study and its folder"
    )
    group.add_argument(
        "--workers",
        metavar="N",
        type=int,
        help="processes that search on this machine and share its cores (default: 1)",
    )
    group.add_argument(
        "--storage",
        metavar="URL",
        help="where the study is kept (default: study.db in its folder): sqlite:///FILE, "
        "journal:///FILE, postgresql+psycopg://…, mysql+pymysql://…, grpc://HOST:PORT; the same "
        "command with the same URL, here or on other machines, joins the search; the variable "
        f"{STORAGE_VARIABLE} stands for it",
    )
    group.add_argument(
        "--out", metavar="DIR", help="the study's folder (default: studies/MODEL-IMAGES-DIGEST)"
    )
    group.add_argument(
        "--calibrate",
        action="store_const",
        const=True,
        help="round the weights of int*c, dfix*, km* and small floats to preserve layer "
        "outputs on the images searched on, so that layers tolerate fewer bits; the weights are in "
        "plan.mpq (default: by the weights alone)",
    )
    group.add_argument(
        "--compare",
        metavar="A,B,...",
        type=comma_list,
        help="also run greedy, random, tpe or nsga2 with as many trials, to see what they reach",
    )
    group.add_argument(
        "--dry-run",
        dest="dry_run",
        action="store_true",
        help="print what each scheme makes of each layer's bytes, and how long the search may take",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add what locks, forbids and ties layers."""
    group = parser.add_argument_group("layers, by patterns of their names such as 'block1_*'")
    group.add_argument(
        "--lock",
        action="append",
        metavar="PATTERN=SCHEME",
        help="store these layers under this scheme; may be repeated, the last match counts",
    )
    group.add_argument(
        "--forbid",
        action="append",
        metavar="PATTERN=SCHEME,...",
        help="never store these layers under these schemes; may be repeated",
    )
    group.add_argument(
        "--tie",
        action="append",
        metavar="PATTERN",
        help="store these layers under one scheme; may be repeated",
    )


def check(args: argparse.Namespace) -> None:
    """Refuse a question that cannot be asked.

    Raises:
        SettingError: Names what is missing, or out of range.
    """
    question, _ = settings(args)
    question.require_search()
