"""``mpsearch export``."""

import argparse
import json
from pathlib import Path
from typing import Any

from mpsearch.cli.options import (
    add_command,
    add_model,
    comma_list,
    is_file,
    is_folder,
    load_model,
    settings,
    study_file,
)


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        _run,
        "write a plan in formats other programs take",
        "quanti_array: a Python list; json: plan.json; keras: a .keras model that holds the "
        "decoded weights and loads anywhere.",
    )
    parser.add_argument(
        "plan", metavar="PLAN|STUDY", help="a plan.json, a quanti_array file, or a study's folder"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        metavar="F",
        default=["quanti_array"],
        help="quanti_array, json, keras (default: quanti_array)",
    )
    parser.add_argument("--to", metavar="DIR", default=".", help="where to write (default: here)")
    parser.add_argument("--force", action="store_true", help="take a plan made for another model")
    add_model(parser)


def _run(args: argparse.Namespace) -> int:
    from mpsearch.api.export import FORMATS  # noqa: PLC0415
    from mpsearch.core.errors import SettingError  # noqa: PLC0415

    formats = [part for text in args.format for part in comma_list(text)]
    if not formats:
        raise SettingError(f"--format names no format; choose from {', '.join(FORMATS)}")
    for wanted in formats:
        if wanted not in FORMATS:
            raise SettingError(f"unknown format {wanted!r}; choose from {', '.join(FORMATS)}")
    path = Path(args.plan)
    if is_folder(path) or path.suffix == ".toml":
        args.study = str(study_file(args.plan))
        path = Path(args.study).parent / "plan.json"
    config, _ = settings(args)
    from mpsearch.api.export import export_plan, read_plan  # noqa: PLC0415

    if not is_file(path):
        raise SettingError(f"plan {str(path)!r}: no such file; run mpsearch search first")
    model = load_model(config)
    record = read_plan(path, model, args.force)
    written = export_plan(
        model,
        record.plan,
        Path(args.to),
        formats,
        drop_pp=record.drop_pp,
        metric=record.metric,
        budget_pp=record.budget_pp,
    )
    if args.json:
        print(json.dumps({"files": {k: str(v) for k, v in written.files.items()}}))
    else:
        for file in written.files.values():
            print(file)
    return 0
