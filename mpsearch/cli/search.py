"""``mpsearch search``."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
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
from mpsearch.cli.studies import optuna_study_name, study_folder
from mpsearch.core.errors import SettingError

if TYPE_CHECKING:
    from mpsearch.api.workbench import Workbench
    from mpsearch.core.config import RunConfig
    from mpsearch.search.result import SearchResult
    from mpsearch.sensitivity import SensitivityProfile

_INFEASIBLE: Final = 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "search",
        _run,
        "find the smallest plan within a confidence-drop budget",
        "Every finished measurement is a trial of an Optuna study in the study's folder; the same "
        "command resumes it. Exit code 4 if no plan keeps the budget: the nearest one is written.",
    )
    add_study(parser)
    group = parser.add_argument_group("search")
    group.add_argument(
        "--budget", metavar="PP", type=float, help="largest drop allowed, percentage points"
    )
    group.add_argument(
        "--metric", choices=("mean", "max", "p95"), help="of the images' drops (default: mean)"
    )
    group.add_argument(
        "--sampler",
        choices=("surrogate", "tpe", "nsga2", "random"),
        help="who proposes plans (default: surrogate)",
    )
    group.add_argument("--trials", metavar="N", type=int, help="trials in the study (default: 100)")
    group.add_argument("--timeout", metavar="SECONDS", type=float, help="stop searching after this")
    group.add_argument("--seed", metavar="N", type=int, help="of the sampler (default: 0)")
    group.add_argument(
        "--study-name", dest="study_name", metavar="NAME", help="name of the study and its folder"
    )
    group.add_argument(
        "--storage", metavar="URL", help="Optuna storage (default: study.db in the study's folder)"
    )
    group.add_argument(
        "--out", metavar="DIR", help="the study's folder (default: studies/MODEL-IMAGES-DIGEST)"
    )
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    config, folder = settings(args)
    if config.budget is None:
        raise SettingError("search needs --budget PP, the largest drop allowed; try --budget 2")
    _check_numbers(config)
    if args.out:
        folder = Path(args.out)
    workbench = load_workbench(config)
    print_notes(workbench.notes)
    target = study_folder(config, folder, workbench)
    result, profile = _search(config, workbench, target, args.quiet)
    _write(config, workbench, result, profile, target)
    if args.json:
        print(json.dumps(_as_json(config, workbench, result, target), ensure_ascii=False))
    else:
        from mpsearch.report.summary import search_summary  # noqa: PLC0415

        print(search_summary(result, profile, target), end="")
    if not result.feasible:
        print(f"mpsearch: no feasible plan: {result.reason}", file=sys.stderr)
    return 0 if result.feasible else _INFEASIBLE


def _check_numbers(config: "RunConfig") -> None:
    """Refuse what can be refused before the model is loaded."""
    from mpsearch.api.search import check_limits  # noqa: PLC0415 - Optuna
    from mpsearch.engine.confidence import parse_metric  # noqa: PLC0415 - numpy
    from mpsearch.search.run import parse_sampler  # noqa: PLC0415
    from mpsearch.search.study import require_known_storage  # noqa: PLC0415

    check_limits(config.budget or 0.0, config.trials, config.timeout)
    parse_metric(config.metric)
    parse_sampler(config.sampler)
    if config.storage is not None:
        require_known_storage(config.storage)
    require_schemes(config)


def _search(
    config: "RunConfig", workbench: "Workbench", target: Path, quiet: bool
) -> "tuple[SearchResult, SensitivityProfile]":
    from mpsearch.api import find_plan, profile  # noqa: PLC0415
    from mpsearch.engine.confidence import parse_metric  # noqa: PLC0415
    from mpsearch.schemes import DOCUMENTED, parse_scheme  # noqa: PLC0415
    from mpsearch.search.run import parse_sampler  # noqa: PLC0415

    schemes = tuple(dict.fromkeys(parse_scheme(s).name for s in config.schemes or DOCUMENTED))
    progress = make_progress(quiet)
    known = profile(
        workbench,
        schemes,
        parts=("per_layer", "uniform"),
        file=target / "profile.json",
        progress=progress,
    )
    print_notes(known.refused.values())
    assert config.budget is not None
    result = find_plan(
        workbench,
        known,
        budget_pp=config.budget,
        metric=parse_metric(config.metric),
        sampler=parse_sampler(config.sampler),
        trials=config.trials,
        timeout=config.timeout,
        seed=config.seed,
        folder=target,
        study_name=optuna_study_name(config, target, schemes),
        storage=config.storage,
        progress=progress,
    )
    return result, known


def _write(
    config: "RunConfig",
    workbench: "Workbench",
    result: "SearchResult",
    profile: "SensitivityProfile",
    target: Path,
) -> None:
    from mpsearch.api import export_plan  # noqa: PLC0415
    from mpsearch.core.files import write_text  # noqa: PLC0415
    from mpsearch.report.tables import per_layer_csv  # noqa: PLC0415 - pandas

    export_plan(
        workbench,
        result.plan,
        target,
        drop_pp=result.drop_pp,
        metric=result.metric,
        budget_pp=result.budget_pp,
    )
    write_text(target / "profile.csv", per_layer_csv(profile, result.metric))
    if not (target / "study.toml").exists():
        write_text(target / "study.toml", config.to_toml(target))


def _as_json(
    config: "RunConfig", workbench: "Workbench", result: "SearchResult", target: Path
) -> dict[str, Any]:
    from mpsearch.search.study import sqlite_url  # noqa: PLC0415

    return {
        "quanti_array": list(result.plan.schemes),
        "plan": result.plan.as_mapping(),
        "nbytes": result.nbytes,
        "other_bytes": result.other_nbytes,
        "original_nbytes": result.original_nbytes,
        "ratio": result.ratio,
        "metric": result.metric,
        "budget_pp": result.budget_pp,
        "baseline_confidence_pct": result.baseline_confidence_pct,
        "confidence_pct": result.confidence_pct,
        "drop_pp": result.drop_pp,
        "feasible": result.feasible,
        "reason": result.reason,
        "top1_changes": result.top1_changes,
        "verify": None,
        "measurements": result.measurements,
        "screening_measurements": result.screening_measurements,
        "trials": result.trials,
        "seconds": result.seconds,
        "bound_nbytes": None,
        "one_change_optimal": None,
        "proved_optimal": result.proved_optimal,
        "ladder": {
            name: {"nbytes": rung.nbytes, "measurements": rung.measurements}
            for name, rung in result.ladder.items()
        },
        "front": [{"nbytes": p.nbytes, "drop_pp": p.drop_pp} for p in result.front],
        "images": len(workbench.images),
        "study": str(target),
        "storage": config.storage or sqlite_url(target / "study.db"),
        "plan_file": str(target / "plan.json"),
    }
