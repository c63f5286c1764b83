"""``mpsearch schemes`` and ``mpsearch studies``."""

import argparse
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from mpsearch.cli.options import add_command
from mpsearch.cli.studies import STUDIES
from mpsearch.core.errors import PlanError, SettingError
from mpsearch.core.trust import SettingsFile, usual_storage


def add(commands: Any) -> None:
    """Add both commands."""
    parser = add_command(commands, "schemes", _schemes, "list the schemes, or explain some")
    parser.add_argument("names", nargs="*", metavar="SCHEME", help="only these")
    parser = add_command(
        commands,
        "studies",
        _studies,
        "list the studies of a folder",
        "State, finished trials, and the best plan so far. Only files are read: of a study on a "
        "server it says what is in its folder.",
    )
    parser.add_argument(
        "folder", nargs="?", default=str(STUDIES), metavar="DIR", help="default: studies"
    )


def _schemes(args: argparse.Namespace) -> int:
    from mpsearch.schemes import ALL, MENUS, available, menu_of, parse_scheme  # noqa: PLC0415

    names = menu_of(args.names) if args.names else ALL
    rows = []
    for name in names:
        scheme = parse_scheme(name)
        summary = (type(scheme).__doc__ or "").strip().splitlines()[0].replace("``", "")
        rows.append({"name": scheme.name, "summary": summary})
    if args.json:
        print(json.dumps({"schemes": rows, "forms": list(available())}))
        return 0
    if args.names:
        for row in rows:
            print(f"{row['name']:14} {row['summary']}")
        return 0
    for summary, alike in groupby(rows, key=lambda row: row["summary"]):
        members = [row["name"] for row in alike]
        print(f"{' … '.join(dict.fromkeys((members[0], members[-1]))):31} {summary}")
    print(f"\nforms: {', '.join(available())}")
    print(f"menus: {', '.join(f'{menu} ({len(every)})' for menu, every in MENUS.items())}")
    return 0


def _studies(args: argparse.Namespace) -> int:
    folder = Path(args.folder)
    marks = ("study.toml", "study.db", "best.json")
    try:
        found = sorted({file.parent for mark in marks for file in folder.glob(f"*/{mark}")})
    except OSError as error:  # a name that is too long
        raise SettingError(
            f"folder {args.folder!r}: {error.strerror}; name a folder of studies"
        ) from error
    rows = [_study(one) for one in found]
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
    from mpsearch.core.secret import masked  # noqa: PLC0415
    from mpsearch.search.storage.peek import glance  # noqa: PLC0415

    storage, refusal = _storage(folder)
    scheme, _, path = storage.partition(":///")
    is_file = scheme in {"sqlite", "journal"} and path and not refusal
    seen = glance(Path(path)) if is_file else None
    finished = _best(folder / "plan.json")
    best = finished or _best(folder / "best.json")
    state = "finished" if finished else "stopped"
    if seen is not None and seen.is_in_use:
        state, best = "running", _best(folder / "best.json") or best
    row = {"study": str(folder), "state": state, "storage": masked(storage), **best}
    if refusal:
        row["refused"] = refusal
    if seen is not None:
        row["trials"] = seen.trials
        if best and seen.original_nbytes is not None:
            row["ratio"] = seen.original_nbytes / max(1, best["nbytes"])
    return row


def _storage(folder: Path) -> tuple[str, str]:
    """The storage that the folder's study.toml names, or the usual file; and why not to look."""
    try:
        usual, refusal = f"sqlite:///{usual_storage(folder)}", ""
    except SettingError as error:
        usual, refusal = "", str(error)
    try:
        file = SettingsFile.read(folder / "study.toml")
    except SettingError:
        return usual, refusal
    if file.config.storage is None:
        return usual, refusal
    found = file.refused({"storage"})
    return file.config.storage, "".join(f"{one} is not looked at: {file.remedy}" for one in found)


def _said(row: dict[str, Any]) -> str:
    return _result(row) + (f"; {row['refused']}" if "refused" in row else "")


def _result(row: dict[str, Any]) -> str:
    trials = f", {row['trials']} trials" if "trials" in row else ""
    if "nbytes" not in row:
        return f"{row['state']}{trials}, no plan yet"
    ratio = f", {row['ratio']:.2f} times smaller" if "ratio" in row else ""
    budget = "" if row["budget_pp"] is None else f" of {row['budget_pp']:g} pp"
    return (
        f"{row['state']}{trials}: {row['nbytes']:,} bytes{ratio}, "
        f"{row['drop_pp']:.3f} pp{budget} ({row['metric']})"
    )


def _best(path: Path) -> dict[str, Any]:
    """What plan.json or best.json says, or nothing."""
    from mpsearch.export.plan_json import read_measured  # noqa: PLC0415 - numpy

    try:
        return read_measured(path)
    except PlanError:
        return {}
