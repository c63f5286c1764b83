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
    verified = verify(path, subject, config.metric, make_progress(args.quiet))
    print(json.dumps(_as_json(verified)) if args.json else _text(path, verified))
    return 0 if verified.bit_exact else _DIFFERENT


def _as_json(verified: Verified) -> dict[str, object]:
    drop = verified.drop
    return {
        "bit_exact": verified.bit_exact,
        "different": list(verified.different),
        "file_bytes": verified.sizes.file_nbytes,
        "nbytes": verified.sizes.nbytes,
        "other_bytes": verified.sizes.other_nbytes,
        "header_bytes": verified.sizes.header_nbytes,
        "coding": verified.coding,
        "tensors": verified.tensors,
        "calibrated_tensors": verified.calibrated,
        "quanti_array": list(verified.plan.schemes),
        "baseline_confidence_pct": verified.baseline_confidence_pct,
        "confidence_pct": verified.confidence_pct,
        "drop_pp": None if drop is None else drop.drop_pp,
        "top1_changes": None if drop is None else drop.top1_changes,
        "images": 0 if drop is None else drop.images,
    }


def _text(path: Path, verified: Verified) -> str:
    sizes = verified.sizes
    parts = f"{sizes.nbytes:,} weights + {sizes.other_nbytes:,} other parameters"
    lines = [
        f"file            {path}, {sizes.file_nbytes:,} bytes",
        f"                {parts} + {sizes.header_nbytes:,} header",
    ]
    if verified.bit_exact:
        compared = verified.tensors - verified.calibrated
        which = f"{compared} of {verified.tensors}" if verified.calibrated else f"all {compared}"
        lines.append(f"bit exact       {which} tensors are what the plan makes of them")
    else:
        lines.append(
            f"NOT bit exact   {len(verified.different)} of {verified.tensors} tensors differ:"
        )
        lines += [f"                {name}" for name in verified.different]
    if verified.calibrated:
        lines.append(
            f"calibrated      {verified.calibrated} tensors: rounded by images, so the model alone "
            "cannot confirm them; the drop can"
        )
    drop = verified.drop
    if drop is None:
        lines.append("drop            not measured; give --images")
    else:
        before, after = verified.baseline_confidence_pct, verified.confidence_pct
        lines += [
            f"drop            {drop_text(drop)}",
            f"confidence      {before:.2f} -> {after:.2f} %",
        ]
    return "\n".join(lines)
