"""``mpsearch profile``."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
    add_coding,
    add_command,
    add_images,
    add_model,
    add_schemes,
    add_study,
    load_workbench,
    require_schemes,
    settings,
)
from mpsearch.cli.progress import make_progress
from mpsearch.cli.studies import study_folder
from mpsearch.values.study_folder import StudyFolder

if TYPE_CHECKING:
    from mpsearch.sensitivity import SensitivityProfile
    from mpsearch.values.confidence import Metric


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "profile",
        _run,
        "measure how much each layer bears",
        "Every weight layer under every scheme alone, every scheme on layers 0 to i, and on all "
        "layers; beside it the first-order prediction from one backward pass. Written to "
        "profile.json and profile.csv; an interrupted run goes on where it was.",
    )
    add_study(parser)
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    parser.add_argument("--metric", choices=("mean", "max", "p95"), help="over images (mean)")
    add_coding(parser)
    parser.add_argument("--out", metavar="DIR", help="where to write (default: the study's folder)")
    parser.add_argument("--timings", action="store_true", help="say on stderr where the time went")
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    config, folder = settings(args)
    require_schemes(config)
    workbench = load_workbench(config, coded=True)
    from mpsearch.api.profiling import profile  # noqa: PLC0415
    from mpsearch.report.tables import per_layer_csv  # noqa: PLC0415 - pandas
    from mpsearch.report.timings import timings_text  # noqa: PLC0415
    from mpsearch.schemes import DOCUMENTED  # noqa: PLC0415
    from mpsearch.system.files import write_text  # noqa: PLC0415
    from mpsearch.values.confidence import parse_metric  # noqa: PLC0415

    print_notes([*workbench.notes, *workbench.model.float32_notes()])
    metric = parse_metric(config.metric)
    target = Path(args.out) if args.out else study_folder(config, folder, workbench)
    file = StudyFolder(target).profile
    found = profile(
        workbench,
        config.schemes or DOCUMENTED,
        file=file,
        progress=make_progress(args.quiet),
        on_note=lambda note: print_notes([note]),
    )
    print_notes(found.refused.values())
    if args.timings:
        print(timings_text(workbench.engine.timings), file=sys.stderr)
    write_text(StudyFolder(target).profile_table, per_layer_csv(found, metric))
    if args.json:
        print(json.dumps(_as_json(found, metric, file), ensure_ascii=False))
    else:
        _print(found, metric, file)
    return 0


def _as_json(found: "SensitivityProfile", metric: "Metric", file: Path) -> dict[str, Any]:
    rows = []
    for layer in found.layers:
        for scheme in found.schemes:
            reading = found.per_layer.get((layer.name, scheme))
            if reading is None:
                continue
            rows.append(
                {
                    "layer": layer.name,
                    "index": layer.index,
                    "scheme": scheme,
                    "nbytes": reading.nbytes,
                    "confidence_pct": 100 * float(reading.confidence.mean()),
                    "drop_pp": found.drop_pp(reading, metric),
                    "drop_max_pp": found.drop_pp(reading, "max"),
                    "top1_changes": found.top1_changes(reading),
                    "predicted_drop_pp": found.predicted_drop_pp(layer.name, scheme, metric),
                }
            )
    return {
        "layers": [layer.name for layer in found.layers],
        "schemes": list(found.schemes),
        "rows": rows,
        "uniform": [
            {"scheme": s, "nbytes": r.nbytes, "drop_pp": found.drop_pp(r, metric)}
            for s, r in found.uniform.items()
        ],
        "cumulative": [
            {"scheme": s, "last": i, "drop_pp": found.drop_pp(r, metric)}
            for (s, i), r in sorted(found.cumulative.items())
        ],
        "seconds": found.seconds,
        "stage_runs": found.stage_runs,
        "profile_file": str(file),
    }


def _print(found: "SensitivityProfile", metric: "Metric", file: Path) -> None:
    confidence = 100 * float(found.baseline.confidence.mean())
    images = len(found.images)
    print(
        f"{len(found.layers)} weight layers, {images} image{'s' * (images > 1)}, confidence "
        f"{confidence:.2f} %, {found.baseline.nbytes:,} bytes as float32"
    )
    print(f"\n{'all layers under':18} {'bytes':>12} {f'drop ({metric}), pp':>16}")
    for scheme, reading in found.uniform.items():
        print(f"{scheme:18} {reading.nbytes:12,} {found.drop_pp(reading, metric):16.3f}")
    print(f"\nmeasured in {found.seconds:.1f} s; every layer is in {file.with_suffix('.csv')}")
