"""``mpsearch verify``."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mpsearch.cli.drop_text import drop_text
from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
    add_command,
    add_images,
    add_model,
    load_subject,
    settings,
)
from mpsearch.cli.packed_model import require_model_of
from mpsearch.cli.progress import make_progress

if TYPE_CHECKING:
    from mpsearch.api.verify import Verified

_DIFFERENT: Final = 1


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "verify",
        _run,
        "prove a packed file",
        "Decodes every tensor of a .mpq file, compares it bit for bit with what its plan makes of "
        "the model, and with --images measures the confidence of the unpacked model by a plain "
        "forward pass. --model may be left out for a file made from the bundled network. Exit code "
        "1 if a tensor differs, 2 if the file is damaged or of another model.",
    )
    parser.add_argument("file", metavar="FILE", help="a .mpq file")
    parser.add_argument(
        "--metric", choices=("mean", "max", "p95"), help="of the images' drops (default: mean)"
    )
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    config, _ = settings(args)
    from mpsearch.api.verify import verify  # noqa: PLC0415
    from mpsearch.values.confidence import parse_metric  # noqa: PLC0415

    path = Path(args.file)
    require_model_of(path, config)
    metric = parse_metric(config.metric)
    subject = load_subject(config)
    print_notes(getattr(subject, "notes", ()))
    found = verify(path, subject, metric, make_progress(args.quiet))
    print(json.dumps(_as_json(found)) if args.json else _text(path, found))
    return 0 if found.bit_exact else _DIFFERENT


def _as_json(found: "Verified") -> dict[str, object]:
    drop = found.drop
    return {
        "bit_exact": found.bit_exact,
        "different": list(found.different),
        "file_bytes": found.sizes.file_nbytes,
        "nbytes": found.sizes.nbytes,
        "other_bytes": found.sizes.other_nbytes,
        "header_bytes": found.sizes.header_nbytes,
        "coding": found.coding,
        "tensors": found.tensors,
        "calibrated_tensors": found.calibrated,
        "quanti_array": list(found.plan.schemes),
        "baseline_confidence_pct": found.baseline_confidence_pct,
        "confidence_pct": found.confidence_pct,
        "drop_pp": None if drop is None else drop.drop_pp,
        "top1_changes": None if drop is None else drop.top1_changes,
        "images": 0 if drop is None else drop.images,
    }


def _text(path: Path, found: "Verified") -> str:
    sizes = found.sizes
    parts = f"{sizes.nbytes:,} weights + {sizes.other_nbytes:,} other parameters"
    lines = [
        f"file            {path}, {sizes.file_nbytes:,} bytes",
        f"                {parts} + {sizes.header_nbytes:,} header",
    ]
    if found.bit_exact:
        compared = found.tensors - found.calibrated
        which = f"{compared} of {found.tensors}" if found.calibrated else f"all {compared}"
        lines.append(f"bit exact       {which} tensors are what the plan makes of them")
    else:
        lines.append(f"NOT bit exact   {len(found.different)} of {found.tensors} tensors differ:")
        lines += [f"                {name}" for name in found.different]
    if found.calibrated:
        lines.append(
            f"calibrated      {found.calibrated} tensors: rounded by images, so the model alone "
            "cannot confirm them; the drop can"
        )
    drop = found.drop
    if drop is None:
        lines.append("drop            not measured; give --images")
    else:
        lines += [
            f"drop            {drop_text(drop)}",
            f"confidence      {found.baseline_confidence_pct:.2f} -> {found.confidence_pct:.2f} %",
        ]
    return "\n".join(lines)
