"""``mpsearch search``."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import (
    add_coding,
    add_command,
    add_images,
    add_model,
    add_schemes,
    add_study,
    comma_list,
    load_workbench,
    require_schemes,
    settings,
)
from mpsearch.cli.progress import make_progress
from mpsearch.cli.rules import add_rules, rules_of
from mpsearch.cli.search_json import as_json
from mpsearch.cli.studies import optuna_study_name, study_folder

if TYPE_CHECKING:
    from mpsearch.api.limits import Wanted
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
        "command resumes it. Exit code 4 if no plan keeps the limit: the nearest one is written.",
    )
    add_study(parser)
    _add_question(parser)
    _add_search(parser)
    add_rules(parser)
    add_coding(parser)
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    add_model(parser)
    add_images(parser)


def _add_question(parser: argparse.ArgumentParser) -> None:
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
    group.add_argument(
        "--metric", choices=("mean", "max", "p95"), help="of the images' drops (default: mean)"
    )
    group.add_argument(
        "--holdout",
        metavar="SHARE",
        type=float,
        help="share of the images held back to verify the plan, 0 for none (default: a third, "
        "with 4 images or more)",
    )
    group.add_argument(
        "--budget-on",
        dest="budget_on",
        choices=("search", "verify"),
        help="verify: keep the budget on the held-back images, up to the upper end of their 95 %% "
        "interval (default: search)",
    )


def _add_search(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("search")
    group.add_argument(
        "--sampler",
        choices=("surrogate", "tpe", "nsga2", "random", "brute"),
        help="who proposes plans; brute measures all and proves the best (default: surrogate)",
    )
    group.add_argument("--trials", metavar="N", type=int, help="trials in the study (default: 200)")
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
    group.add_argument(
        "--calibrate",
        action="store_const",
        const=True,
        help="round the weights of int*c, dfix*, km* and small floats by what layers put out on "
        "the images searched on, which lets them bear fewer bits; the weights found are in "
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


def _run(args: argparse.Namespace) -> int:
    config, folder = settings(args)
    rules_of(config)
    _check(config)
    if args.out:
        folder = Path(args.out)
    workbench = load_workbench(config, coded=True)
    print_notes(workbench.notes)
    if args.dry_run:
        return _dry_run(config, workbench, args.json)
    target = study_folder(config, folder, workbench)
    result, profile = _search(config, workbench, target, args.quiet)
    _write(config, workbench, result, profile, target)
    if args.json:
        print(json.dumps(as_json(config, workbench, result, target), ensure_ascii=False))
    else:
        from mpsearch.report.summary import search_summary  # noqa: PLC0415

        print(search_summary(result, workbench.images, target), end="")
    if not result.feasible:
        print(f"mpsearch: no feasible plan: {result.reason}", file=sys.stderr)
    return 0 if result.feasible else _INFEASIBLE


def _wanted(config: "RunConfig") -> "Wanted":
    from mpsearch.api.limits import Wanted  # noqa: PLC0415

    budget_on: Any = config.budget_on  # checked with the rest
    return Wanted(config.budget, config.max_bytes, config.ratio, config.pareto, budget_on)


def _check(config: "RunConfig") -> None:
    """Refuse what can be refused before the model is loaded."""
    from mpsearch.api.limits import check_limits  # noqa: PLC0415 - Optuna
    from mpsearch.coding.coder import parse_coding  # noqa: PLC0415 - numpy
    from mpsearch.engine.confidence import parse_metric  # noqa: PLC0415
    from mpsearch.search.run import parse_rival, parse_sampler  # noqa: PLC0415
    from mpsearch.search.study import require_known_storage  # noqa: PLC0415

    check_limits(_wanted(config), config.trials, config.timeout, config.holdout)
    parse_metric(config.metric)
    parse_sampler(config.sampler)
    parse_coding(config.coding)
    for rival in config.compare or ():
        parse_rival(rival)
    if config.storage is not None:
        require_known_storage(config.storage)
    require_schemes(config)


def _menu_names(config: "RunConfig") -> tuple[str, ...]:
    from mpsearch.schemes import DOCUMENTED, menu_of  # noqa: PLC0415

    return menu_of(config.schemes or DOCUMENTED)


def _search(
    config: "RunConfig", workbench: "Workbench", target: Path, quiet: bool
) -> "tuple[SearchResult, SensitivityProfile | None]":
    from mpsearch.api import find_plan  # noqa: PLC0415
    from mpsearch.api.profile import read_profile  # noqa: PLC0415
    from mpsearch.engine.confidence import parse_metric  # noqa: PLC0415
    from mpsearch.search.run import parse_rival, parse_sampler  # noqa: PLC0415

    schemes = _menu_names(config)
    file = target / "profile.json"
    known = None
    if file.exists() and config.calibrate:
        print_notes([f"{file} is not used: it was measured without --calibrate"])
    elif file.exists():
        known = read_profile(workbench, schemes, file)
    refused = workbench.refusals(schemes, make_progress(quiet))
    print_notes(refused.values())
    wanted = _wanted(config)
    result = find_plan(
        workbench,
        known,
        budget_pp=wanted.budget_pp,
        max_bytes=wanted.max_bytes,
        ratio=wanted.ratio,
        pareto=wanted.pareto,
        schemes=schemes,
        rules=rules_of(config),
        metric=parse_metric(config.metric),
        sampler=parse_sampler(config.sampler),
        trials=config.trials,
        timeout=config.timeout,
        seed=config.seed,
        holdout=config.holdout,
        budget_on=wanted.budget_on,
        calibrate=config.calibrate,
        compare=[parse_rival(rival) for rival in config.compare or ()],
        folder=target,
        study_name=optuna_study_name(config, target, schemes),
        storage=config.storage,
        progress=make_progress(quiet),
    )
    return result, known


def _dry_run(config: "RunConfig", workbench: "Workbench", as_json_: bool) -> int:
    from mpsearch.api.forecast import forecast  # noqa: PLC0415
    from mpsearch.api.limits import most_trials  # noqa: PLC0415
    from mpsearch.report.forecast_text import forecast_text  # noqa: PLC0415
    from mpsearch.search.run import parse_sampler  # noqa: PLC0415

    trials = most_trials(parse_sampler(config.sampler), config.trials)
    names, rules = _menu_names(config), rules_of(config)
    expected = forecast(workbench, names, rules, trials, config.holdout)
    print(
        json.dumps(expected.as_mapping(), ensure_ascii=False)
        if as_json_
        else forecast_text(expected),
        end="\n" if as_json_ else "",
    )
    return 0


def _write(
    config: "RunConfig",
    workbench: "Workbench",
    result: "SearchResult",
    profile: "SensitivityProfile | None",
    target: Path,
) -> None:
    from mpsearch.api import export_plan  # noqa: PLC0415
    from mpsearch.api.kept import keep_result  # noqa: PLC0415
    from mpsearch.api.stored import with_stored_codes  # noqa: PLC0415
    from mpsearch.core.files import write_text  # noqa: PLC0415
    from mpsearch.report.tables import per_layer_csv  # noqa: PLC0415 - pandas

    if config.calibrate:
        workbench = with_stored_codes(workbench, result.plan, target)
    export_plan(
        workbench,
        result.plan,
        target,
        drop_pp=result.drop_pp,
        metric=result.goal.metric,
        budget_pp=result.budget_pp,
    )
    if profile is not None and profile.per_layer:
        write_text(target / "profile.csv", per_layer_csv(profile, result.goal.metric))
    if not (target / "study.toml").exists():
        write_text(target / "study.toml", config.to_toml(target))
    # The last file: it says that the search came to its end. A storage may hold a password.
    terms = replace(config, storage=None).to_toml(target)
    name = optuna_study_name(config, target, _menu_names(config))
    keep_result(target, workbench, result, name, terms)
