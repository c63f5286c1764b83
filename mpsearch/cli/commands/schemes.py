"""``mpsearch schemes``."""

import argparse
import json
from itertools import groupby

from mpsearch.schemes import ALL, MENUS, available, menu_of, parse_scheme


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
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
