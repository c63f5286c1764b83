"""``mpsearch profile``."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from mpsearch.api.profiling import profile
from mpsearch.cli.folder import study_folder
from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_workbench, require_schemes
from mpsearch.cli.progress import make_progress
from mpsearch.cli.settings import settings
from mpsearch.report.tables import per_layer_csv, per_layer_rows
from mpsearch.report.timings import timings_text
from mpsearch.schemes import DOCUMENTED
from mpsearch.sensitivity import SensitivityProfile
from mpsearch.system.files import write_text
from mpsearch.values.choices import Metric
from mpsearch.values.study_folder import StudyFolder

# Columns of profile.csv that the JSON has not.
_TABLE_ONLY: Final = {"drop_mean_pp", "drop_p95_pp"}


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    config, folder = settings(args)
    require_schemes(config)
    workbench = load_workbench(config, coded=True)
    print_notes([*workbench.notes, *workbench.model.float32_notes()])
    metric = config.metric
    target = Path(args.out) if args.out else study_folder(config, folder, workbench)
    file = StudyFolder(target).profile
    sensitivity = profile(
        workbench,
        config.schemes or DOCUMENTED,
        file=file,
        progress=make_progress(args.quiet),
        on_note=lambda note: print_notes([note]),
    )
    print_notes(sensitivity.refused.values())
    if args.timings:
        print(timings_text(workbench.engine.timings), file=sys.stderr)
    write_text(StudyFolder(target).profile_table, per_layer_csv(sensitivity, metric))
    if args.json:
        print(json.dumps(_as_json(sensitivity, metric, file), ensure_ascii=False))
    else:
        _print(sensitivity, metric, file)
    return 0


def _as_json(sensitivity: SensitivityProfile, metric: Metric, file: Path) -> dict[str, Any]:
    rows = [
        {key: value for key, value in row.items() if key not in _TABLE_ONLY}
        for row in per_layer_rows(sensitivity, metric)
    ]
    return {
        "layers": [layer.name for layer in sensitivity.layers],
        "schemes": list(sensitivity.schemes),
        "rows": rows,
        "uniform": [
            {"scheme": s, "nbytes": r.nbytes, "drop_pp": sensitivity.drop_pp(r, metric)}
            for s, r in sensitivity.uniform.items()
        ],
        "cumulative": [
            {"scheme": s, "last": i, "drop_pp": sensitivity.drop_pp(r, metric)}
            for (s, i), r in sorted(sensitivity.cumulative.items())
        ],
        "seconds": sensitivity.seconds,
        "stage_runs": sensitivity.stage_runs,
        "profile_file": str(file),
    }


def _print(sensitivity: SensitivityProfile, metric: Metric, file: Path) -> None:
    confidence = 100 * float(sensitivity.baseline.confidence.mean())
    images = len(sensitivity.images)
    print(
        f"{len(sensitivity.layers)} weight layers, {images} image{'s' * (images > 1)}, confidence "
        f"{confidence:.2f} %, {sensitivity.baseline.nbytes:,} bytes as float32"
    )
    print(f"\n{'all layers under':18} {'bytes':>12} {f'drop ({metric}), pp':>16}")
    for scheme, reading in sensitivity.uniform.items():
        print(f"{scheme:18} {reading.nbytes:12,} {sensitivity.drop_pp(reading, metric):16.3f}")
    print(
        f"\nmeasured in {sensitivity.seconds:.1f} s; every layer is in {file.with_suffix('.csv')}"
    )
