"""``mpsearch studies``."""

import argparse
import json
from pathlib import Path
from typing import Any

from mpsearch.api.shown_plan import best_so_far, finished_plan
from mpsearch.cli.flags import with_flags
from mpsearch.study.storage.peek import glance
from mpsearch.trust import SettingsFile, usual_storage
from mpsearch.values.errors import SettingError
from mpsearch.values.secret import masked
from mpsearch.values.study_folder import StudyFolder


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    folder = Path(args.folder)
    try:
        every = sorted([folder, *folder.glob("*/")])
        studies = [path for path in every if StudyFolder(path).is_one]
    except OSError as error:  # a name that is too long
        raise SettingError(
            f"folder {args.folder!r}: {error.strerror}; name a folder of studies"
        ) from error
    rows = [_study(path) for path in studies]
    if args.json:
        print(json.dumps({"studies": rows}))
        return 0
    for row in rows:
        line = f"{row['study']}: {_said(row)}"
        print("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line))
    if not rows:
        print(f"no studies in {folder}")
    return 0


def _study(folder: Path) -> dict[str, Any]:
    """State and best plan of the study in a folder; no server is asked."""
    storage, refusal = _storage(folder)
    scheme, _, path = storage.partition(":///")
    finished = finished_plan(folder)
    plan = finished or best_so_far(folder)
    name = None if finished is None else finished.study_name
    is_file = scheme in {"sqlite", "journal"} and path and not refusal
    seen = glance(Path(path), name) if is_file else None
    state = "stopped" if finished is None else "finished"
    if seen is not None and seen.is_in_use:
        state, plan = "running", best_so_far(folder) or plan
        if name is not None:  # it may be another question that is asked now
            seen = glance(Path(path)) or seen
    row: dict[str, Any] = {"study": str(folder), "state": state, "storage": masked(storage)}
    if plan is not None:
        row |= {
            "nbytes": plan.nbytes,
            "drop_pp": plan.drop_pp,
            "budget_pp": plan.budget_pp,
            "max_bytes": plan.max_bytes,
            "metric": plan.metric,
            "feasible": plan.feasible,
            "reason": with_flags(plan.reason),
        }
    if refusal:
        row["refused"] = refusal
    if seen is not None:
        row["trials"] = seen.trials
        if plan is not None and seen.original_nbytes is not None:
            row["ratio"] = seen.original_nbytes / max(1, plan.nbytes)
    if plan is not None and plan.ratio is not None:
        row["ratio"] = plan.ratio
    return row


def _storage(folder: Path) -> tuple[str, str]:
    """The storage that the folder's study.toml names, or the usual file; and why not to look."""
    try:
        usual, refusal = f"sqlite:///{usual_storage(folder)}", ""
    except SettingError as error:
        usual, refusal = "", with_flags(str(error))
    try:
        file = SettingsFile.read(StudyFolder(folder).settings)
    except SettingError:
        return usual, refusal
    if file.config.storage is None:
        return usual, refusal
    refused = file.refused({"storage"})
    return file.config.storage, "".join(f"{value} is ignored: {file.remedy}" for value in refused)


def _said(row: dict[str, Any]) -> str:
    return _result(row) + (f"; {row['refused']}" if "refused" in row else "")


def _result(row: dict[str, Any]) -> str:
    trials = f", {_count(row['trials'], 'trial')}" if "trials" in row else ""
    if "nbytes" not in row:
        none = "no plan that keeps the limit yet" if row.get("trials") else "no plan yet"
        return f"{row['state']}{trials}, {none}"
    ratio = f", {row['ratio']:.2f} times smaller" if "ratio" in row else ""
    plan = f"{row['state']}{trials}: {row['nbytes']:,} bytes{ratio}, {row['drop_pp']:.3f} pp"
    if row["feasible"] is not False:
        budget = "" if row["budget_pp"] is None else f" of {row['budget_pp']:g} pp"
        size = "" if row["max_bytes"] is None else f", within {row['max_bytes']:,} bytes"
        return f"{plan}{budget} ({row['metric']}){size}"
    return f"{plan} ({row['metric']}), OVER {_limit(row)}: no plan measured keeps it"


def _limit(row: dict[str, Any]) -> str:
    if row["max_bytes"] is not None:
        return f"the size of {row['max_bytes']:,} bytes"
    if row["budget_pp"] is None:
        return "the limit"
    on_held = " on unseen images" if row["drop_pp"] <= row["budget_pp"] else ""
    return f"the budget of {row['budget_pp']:g} pp{on_held}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
