"""``mpsearch export``."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpsearch.cli.litert_text import litert_text
from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
    add_coding,
    add_command,
    add_images,
    add_model,
    comma_list,
    is_file,
    is_folder,
    load_model,
    load_subject,
    note_default_model,
    settings,
    study_file,
)
from mpsearch.cli.progress import make_progress
from mpsearch.values.parts import Parts
from mpsearch.values.study_folder import StudyFolder

if TYPE_CHECKING:
    from mpsearch.api.export import ExportedFiles
    from mpsearch.values.config import RunConfig
    from mpsearch.workbench.open_model import OpenModel
    from mpsearch.workbench.workbench import Workbench


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        _run,
        "write a plan in formats other programs take",
        "quanti_array: a Python list; json: plan.json; npy: the original program's folders; keras: "
        "a .keras model that holds the decoded weights and loads anywhere; packed: the small file, "
        ".mpq, as many bytes as the search said; litert: "
        "a LiteRT model with float16, int8 or float32 weights per layer, its own drop measured on "
        "--images.",
    )
    parser.add_argument(
        "plan", metavar="PLAN|STUDY", help="a plan.json, a quanti_array file, or a study's folder"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        metavar="F",
        default=["quanti_array"],
        help="quanti_array, json, npy, keras, packed, litert (default: quanti_array)",
    )
    parser.add_argument("--to", metavar="DIR", default=".", help="where to write (default: here)")
    parser.add_argument("--force", action="store_true", help="take a plan made for another model")
    add_coding(parser)
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    formats = _formats(args)
    path = Path(args.plan)
    if is_folder(path) or path.suffix == ".toml":
        args.study = str(study_file(args.plan))
        path = StudyFolder(Path(args.study).parent).plan
    config, _ = settings(args)
    from mpsearch.api.export import export_plan, read_plan  # noqa: PLC0415
    from mpsearch.coding.coder import parse_coding  # noqa: PLC0415
    from mpsearch.values.errors import SettingError  # noqa: PLC0415
    from mpsearch.workbench.calibrated_weights import with_stored_codes  # noqa: PLC0415
    from mpsearch.workbench.workbench import model_of  # noqa: PLC0415

    if not is_file(path):
        raise SettingError(f"plan {str(path)!r}: no such file; run mpsearch search first")
    subject = _subject(config, formats)
    record = read_plan(path, model_of(subject), args.force)
    if record.calibrated:
        if "litert" in formats:
            print_notes(["LiteRT rounds the trained weights itself: the calibration is lost there"])
        subject = with_stored_codes(subject, record.plan, path.parent)
    parts = Parts()
    written = export_plan(
        subject,
        record.plan,
        Path(args.to),
        formats,
        drop_pp=record.drop_pp,
        metric=record.metric,
        budget_pp=record.budget_pp,
        coding=parse_coding(args.coding) if args.coding else record.coding,
        progress=make_progress(args.quiet),
        parts=parts,
    )
    if args.force or path.suffix == ".py":  # else the plan says that it is of this model
        note_default_model(config)
    _tell(written, parts, args.json)
    parts.raise_failed()
    return 0


def _formats(args: argparse.Namespace) -> list[str]:
    from mpsearch.api.export import FORMATS, parse_format  # noqa: PLC0415
    from mpsearch.values.errors import SettingError  # noqa: PLC0415

    formats = [part for text in args.format for part in comma_list(text)]
    if not formats:
        raise SettingError(f"--format names no format; choose from {', '.join(FORMATS)}")
    return [parse_format(wanted) for wanted in formats]


def _subject(config: "RunConfig", formats: list[str]) -> "Workbench | OpenModel":
    """The model; with images where the export is measured on them."""
    if "litert" not in formats:
        return load_model(config)
    from mpsearch.export.litert import require_litert  # noqa: PLC0415 - TensorFlow

    if set(formats) == {"litert"}:  # else it is said when the others are written
        require_litert()
    return load_subject(config)


def _tell(written: "ExportedFiles", parts: Parts, as_json: bool) -> None:
    if as_json:
        document: dict[str, object] = {"files": {k: str(v) for k, v in written.files.items()}}
        if parts.failed:
            document["failed"] = {name: str(error) for name, error in parts.failed.items()}
        if written.litert is not None:
            document["litert"] = written.litert.as_mapping()
        print(json.dumps(document, ensure_ascii=False))
        return
    for file in written.files.values():
        print(file)
    if written.litert is not None:
        print(litert_text(written.litert), end="")
