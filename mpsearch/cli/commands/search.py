"""``mpsearch search``."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from mpsearch.api.export import export_plan
from mpsearch.api.forecast import forecast
from mpsearch.api.profiling import profile_in
from mpsearch.api.result_file import keep_result
from mpsearch.api.search import answer
from mpsearch.cli.crew import MOST_WORKERS, Crew, Share, share_of_machine
from mpsearch.cli.flags import with_flags
from mpsearch.cli.folder import study_folder
from mpsearch.cli.notes import print_notes
from mpsearch.cli.opening import load_workbench, require_schemes
from mpsearch.cli.progress import make_progress
from mpsearch.cli.search_json import as_json
from mpsearch.cli.settings import settings
from mpsearch.cli.settled import Settled, named
from mpsearch.propose.rules import Rules
from mpsearch.report.forecast_text import forecast_text
from mpsearch.report.summary import search_summary
from mpsearch.report.tables import per_layer_csv
from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.search.listener import Listener
from mpsearch.search.result import SearchResult
from mpsearch.sensitivity import SensitivityProfile
from mpsearch.study.storage.opening import require_reachable
from mpsearch.system.files import write_text
from mpsearch.trust import usual_storage
from mpsearch.values.deadline import Deadline, Timed
from mpsearch.values.errors import EnvironmentFault, SettingError
from mpsearch.values.question import Question
from mpsearch.values.study_folder import StudyFolder
from mpsearch.values.study_toml import settings_text
from mpsearch.workbench.calibrated_weights import with_stored_codes
from mpsearch.workbench.workbench import Workbench

_INFEASIBLE: Final = 4


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    question, folder = settings(args)
    _check(question)
    if args.out:
        folder = Path(args.out)
    _require_own_storage(question, folder)
    share = share_of_machine(question)
    os.environ.update(share.environment)  # before TensorFlow is loaded
    workbench = load_workbench(share.question, coded=True)
    print_notes([*workbench.notes, *workbench.model.float32_notes()])
    if args.dry_run:
        return _dry_run(question, workbench, args.json)
    target = study_folder(question, folder, workbench)
    _require_own_storage(question, target)
    settled = Settled(question, target, is_typed=args.study is None)
    crew = Crew(share, target, question.workers - 1) if question.workers > 1 else None
    deadline = Deadline(question.timeout, args.begun)
    result, profile = _search(share, workbench, settled, args.quiet, crew, deadline)
    _write(question, workbench, result, profile, target)
    if args.json:
        print(json.dumps(as_json(question, workbench, result, target), ensure_ascii=False))
    else:
        print(with_flags(search_summary(result, workbench.images, target)), end="")
    if not result.feasible:
        print(f"mpsearch: no feasible plan: {with_flags(result.reason)}", file=sys.stderr)
    if crew is not None and crew.fault:
        raise EnvironmentFault(
            f"{crew.fault}; the search was finished without them: give fewer --workers, and look "
            "into the system's log for why they die"
        )
    return 0 if result.feasible else _INFEASIBLE


def _require_own_storage(question: Question, folder: Path | None) -> None:
    if folder is not None and question.storage is None:
        usual_storage(folder)


def _check(question: Question) -> None:
    """Refuse what can be refused before the model is loaded."""
    Rules.of(question)
    if not 1 <= question.workers <= MOST_WORKERS:
        raise SettingError(
            f"workers = {question.workers} is not allowed; give an integer from 1 to {MOST_WORKERS}"
        )
    require_schemes(question)
    if question.storage is not None:
        require_reachable(question.storage)


def _menu_names(question: Question) -> tuple[str, ...]:
    return menu_of(question.schemes or DOCUMENTED)


def _search(
    share: Share,
    workbench: Workbench,
    settled: Settled,
    quiet: bool,
    crew: Crew | None,
    deadline: Deadline,
) -> tuple[SearchResult, SensitivityProfile | None]:
    question, target = share.question, settled.folder
    file = StudyFolder(target).profile
    if question.calibrate and file.exists():
        print_notes([f"{file} is not used: it was measured without --calibrate"])
    profile = profile_in(question, workbench, target)
    timed = Timed(deadline, make_progress(quiet))
    refused = workbench.refusals(_menu_names(question), timed)
    print_notes(refused.values())
    listener = Listener(
        make_progress(quiet),
        on_open=lambda: print_notes(settled.keep()),
        on_note=lambda note: print_notes([note]),
    )
    return answer(question, workbench, target, profile, listener, crew, deadline), profile


def _dry_run(question: Question, workbench: Workbench, as_json_: bool) -> int:
    expected = forecast(question, workbench)
    print(
        json.dumps(expected.as_mapping(), ensure_ascii=False)
        if as_json_
        else forecast_text(expected),
        end="\n" if as_json_ else "",
    )
    return 0


def _write(
    question: Question,
    workbench: Workbench,
    result: SearchResult,
    profile: SensitivityProfile | None,
    target: Path,
) -> None:
    if question.calibrate:
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
    terms = settings_text(replace(named(question), storage=None), target)
    keep_result(target, workbench, result, terms)
