"""``mpsearch search``."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mpsearch.cli.crew import MOST_WORKERS, Crew, Share, share_of_machine
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
from mpsearch.cli.rules import add_rules, rules_of
from mpsearch.cli.search_json import as_json
from mpsearch.cli.search_options import add_question, add_search
from mpsearch.cli.settled import Settled, named
from mpsearch.cli.studies import optuna_study_name, study_folder
from mpsearch.trust import usual_storage
from mpsearch.values.errors import EnvironmentFault, SettingError
from mpsearch.values.study_folder import StudyFolder

if TYPE_CHECKING:
    from mpsearch.search.question import Wanted
    from mpsearch.search.result import SearchResult
    from mpsearch.sensitivity import SensitivityProfile
    from mpsearch.values.config import RunConfig
    from mpsearch.workbench.workbench import Workbench

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
    add_question(parser)
    add_search(parser)
    add_rules(parser)
    add_coding(parser)
    add_schemes(parser, "the documented ones and original; see mpsearch schemes")
    add_model(parser)
    add_images(parser)


def _run(args: argparse.Namespace) -> int:
    config, folder = settings(args)
    rules_of(config)
    _check(config)
    if args.out:
        folder = Path(args.out)
    _require_own_storage(config, folder)
    share = share_of_machine(config)
    os.environ.update(share.environment)  # before TensorFlow is loaded
    workbench = load_workbench(share.config, coded=True)
    print_notes([*workbench.notes, *workbench.model.float32_notes()])
    if args.dry_run:
        return _dry_run(config, workbench, args.json)
    target = study_folder(config, folder, workbench)
    _require_own_storage(config, target)
    settled = Settled(config, target, is_typed=args.study is None)
    crew = Crew(share, target, config.workers - 1) if config.workers > 1 else None
    result, profile = _search(share, workbench, settled, args.quiet, crew)
    _write(config, workbench, result, profile, target)
    if args.json:
        print(json.dumps(as_json(config, workbench, result, target), ensure_ascii=False))
    else:
        from mpsearch.report.summary import search_summary  # noqa: PLC0415

        print(search_summary(result, workbench.images, target), end="")
    if not result.feasible:
        print(f"mpsearch: no feasible plan: {result.reason}", file=sys.stderr)
    if crew is not None and crew.fault:
        raise EnvironmentFault(
            f"{crew.fault}; the search was finished without them: give fewer --workers, and look "
            "into the system's log for why they die"
        )
    return 0 if result.feasible else _INFEASIBLE


def _require_own_storage(config: "RunConfig", folder: Path | None) -> None:
    if folder is not None and config.storage is None:
        usual_storage(folder)


def _wanted(config: "RunConfig") -> "Wanted":
    from mpsearch.search.question import Wanted  # noqa: PLC0415

    budget_on: Any = config.budget_on  # checked with the rest
    return Wanted(config.budget, config.max_bytes, config.ratio, config.pareto, budget_on)


def _check(config: "RunConfig") -> None:
    """Refuse what can be refused before the model is loaded."""
    from mpsearch.coding.coder import parse_coding  # noqa: PLC0415 - numpy
    from mpsearch.search.question import check_limits  # noqa: PLC0415 - Optuna
    from mpsearch.search.run import parse_rival, parse_sampler  # noqa: PLC0415
    from mpsearch.study.storage.opening import require_reachable  # noqa: PLC0415
    from mpsearch.values.confidence import parse_metric  # noqa: PLC0415

    if not 1 <= config.workers <= MOST_WORKERS:
        raise SettingError(
            f"workers = {config.workers} is not allowed; give a whole number from 1 to "
            f"{MOST_WORKERS}"
        )
    check_limits(_wanted(config), config.trials, config.timeout, config.holdout)
    parse_metric(config.metric)
    parse_sampler(config.sampler)
    parse_coding(config.coding)
    for rival in config.compare or ():
        parse_rival(rival)
    require_schemes(config)
    if config.storage is not None:
        require_reachable(config.storage)


def _menu_names(config: "RunConfig") -> tuple[str, ...]:
    from mpsearch.schemes import DOCUMENTED, menu_of  # noqa: PLC0415

    return menu_of(config.schemes or DOCUMENTED)


def _search(
    share: Share, workbench: "Workbench", settled: Settled, quiet: bool, crew: Crew | None
) -> "tuple[SearchResult, SensitivityProfile | None]":
    from mpsearch.api.profiling import known_profile  # noqa: PLC0415
    from mpsearch.api.search import find_plan  # noqa: PLC0415
    from mpsearch.search.run import parse_rival, parse_sampler  # noqa: PLC0415
    from mpsearch.values.confidence import parse_metric  # noqa: PLC0415

    config, target = share.config, settled.folder
    schemes = _menu_names(config)
    file = StudyFolder(target).profile
    known = None
    if file.exists() and config.calibrate:
        print_notes([f"{file} is not used: it was measured without --calibrate"])
    elif file.exists():
        known = known_profile(workbench, schemes, file)
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
        helpers=crew,
        on_open=lambda: print_notes(settled.keep()),
        on_note=lambda note: print_notes([note]),
    )
    return result, known


def assist(config: "RunConfig", target: Path) -> int:
    """Be one more process of the search in *target*; see ``mpsearch.cli.worker``."""
    from mpsearch.api.profiling import known_profile  # noqa: PLC0415
    from mpsearch.api.search import help_search  # noqa: PLC0415
    from mpsearch.search.run import parse_sampler  # noqa: PLC0415
    from mpsearch.values.confidence import parse_metric  # noqa: PLC0415

    workbench = load_workbench(config, coded=True)
    schemes = _menu_names(config)
    file = StudyFolder(target).profile
    help_search(
        workbench,
        None if config.calibrate or not file.exists() else known_profile(workbench, schemes, file),
        wanted=_wanted(config),
        schemes=schemes,
        rules=rules_of(config),
        metric=parse_metric(config.metric),
        sampler=parse_sampler(config.sampler),
        trials=config.trials,
        seed=config.seed,
        holdout=config.holdout,
        calibrate=config.calibrate,
        folder=target,
        study_name=optuna_study_name(config, target, schemes),
        storage=config.storage,
    )
    return 0


def _dry_run(config: "RunConfig", workbench: "Workbench", as_json_: bool) -> int:
    from mpsearch.api.forecast import forecast  # noqa: PLC0415
    from mpsearch.report.forecast_text import forecast_text  # noqa: PLC0415
    from mpsearch.search.question import most_trials  # noqa: PLC0415
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
    from mpsearch.api.export import export_plan  # noqa: PLC0415
    from mpsearch.api.result_file import keep_result  # noqa: PLC0415
    from mpsearch.report.tables import per_layer_csv  # noqa: PLC0415 - pandas
    from mpsearch.system.files import write_text  # noqa: PLC0415
    from mpsearch.workbench.calibrated_weights import with_stored_codes  # noqa: PLC0415

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
        write_text(StudyFolder(target).profile_table, per_layer_csv(profile, result.goal.metric))
    # The last file: it says that the search came to its end. A storage may hold a password.
    terms = replace(named(config), storage=None).to_toml(target)
    name = optuna_study_name(config, target, _menu_names(config))
    keep_result(target, workbench, result, name, terms)
