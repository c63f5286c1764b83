"""``mpsearch verify``."""

import argparse
import json
from pathlib import Path
from typing import Final

from mpsearch.api.verify import Verified, verify
from mpsearch.cli.drop_text import drop_text
from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_subject
from mpsearch.cli.packed_model import require_model_of
from mpsearch.cli.progress import make_progress
from mpsearch.cli.settings import settings

_DIFFERENT: Final = 1


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    config, _ = settings(args)
    path = Path(args.file)
    require_model_of(path, config)
    subject = load_subject(config)
    print_notes(getattr(subject, "notes", ()))
    found = verify(path, subject, config.metric, make_progress(args.quiet))
    print(json.dumps(_as_json(found)) if args.json else _text(path, found))
    return 0 if found.bit_exact else _DIFFERENT


def _as_json(found: Verified) -> dict[str, object]:
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


def _text(path: Path, found: Verified) -> str:
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
