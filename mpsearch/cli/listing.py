"""``mpsearch schemes`` and ``mpsearch studies``."""

import argparse
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from mpsearch.cli.options import add_command
from mpsearch.cli.studies import STUDIES


def add(commands: Any) -> None:
    """Add both commands."""
    parser = add_command(commands, "schemes", _schemes, "list the schemes, or explain some")
    parser.add_argument("names", nargs="*", metavar="SCHEME", help="only these")
    parser = add_command(commands, "studies", _studies, "list the studies of a folder")
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
    rows = [
        {"study": str(file.parent), **_best(file.parent / "plan.json")}
        for file in sorted(folder.glob("*/study.toml"))
    ]
    if args.json:
        print(json.dumps({"studies": rows}))
        return 0
    for row in rows:
        if "nbytes" in row:
            print(
                f"{row['study']}: {row['nbytes']:,} bytes, {row['drop_pp']:.3f} pp of "
                f"{row['budget_pp']:g} pp ({row['metric']})"
            )
        else:
            print(f"{row['study']}: no plan yet")
    if not rows:
        print(f"no studies in {folder}")
    return 0


def _best(path: Path) -> dict[str, Any]:
    """What plan.json says, or nothing."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {key: document[key] for key in ("nbytes", "drop_pp", "budget_pp", "metric")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
