"""``mpsearch export``."""

import argparse
import json
from pathlib import Path

from mpsearch.api.export import FORMATS, ExportedFiles, export_plan, parse_format, read_plan
from mpsearch.cli.arguments.shared import comma_list
from mpsearch.cli.flags import with_flags
from mpsearch.cli.litert_text import litert_text
from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_model, load_subject, note_default_model
from mpsearch.cli.progress import make_progress
from mpsearch.cli.settings import is_file, is_folder, settings, study_file
from mpsearch.export.litert import require_litert
from mpsearch.values.choices import parse_coding
from mpsearch.values.errors import SettingError
from mpsearch.values.parts import Parts
from mpsearch.values.question import Question
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.calibrated_weights import with_stored_codes
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.workbench import Workbench, model_of


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    formats = _formats(args)
    path = Path(args.plan)
    if is_folder(path) or path.suffix == ".toml":
        args.study = str(study_file(args.plan))
        path = StudyFolder(Path(args.study).parent).plan
    config, _ = settings(args)
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
    formats = [part for text in args.format for part in comma_list(text)]
    if not formats:
        raise SettingError(f"--format names no format; choose from {', '.join(FORMATS)}")
    return [parse_format(wanted) for wanted in formats]


def _subject(config: Question, formats: list[str]) -> Workbench | OpenModel:
    """The model; with images where the export is measured on them."""
    if "litert" not in formats:
        return load_model(config)
    if set(formats) == {"litert"}:  # else it is said when the others are written
        require_litert()
    return load_subject(config)


def _tell(written: ExportedFiles, parts: Parts, as_json: bool) -> None:
    if as_json:
        document: dict[str, object] = {"files": {k: str(v) for k, v in written.files.items()}}
        if parts.failed:
            document["failed"] = {
                name: with_flags(str(error)) for name, error in parts.failed.items()
            }
        if written.litert is not None:
            document["litert"] = written.litert.as_mapping()
        print(json.dumps(document, ensure_ascii=False))
        return
    for file in written.files.values():
        print(file)
    if written.litert is not None:
        print(litert_text(written.litert), end="")
