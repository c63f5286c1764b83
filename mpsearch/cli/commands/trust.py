"""``mpsearch trust``."""

import argparse
import json
from pathlib import Path

from mpsearch.cli.notes import print_notes
from mpsearch.cli.settings import study_file
from mpsearch.trust import SettingsFile
from mpsearch.trust.record import entries, forget
from mpsearch.values.errors import SettingError
from mpsearch.values.study_folder import StudyFolder


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if args.list == (args.study is not None) or (args.list and args.revoke):
        raise SettingError(
            "give the folder of a study to trust it, --revoke and the folder, or --list alone"
        )
    if args.list:
        return _list(args.json)
    return _revoke(args.study, args.json) if args.revoke else _trust(args.study, args.json)


def _trust(text: str, as_json: bool) -> int:
    file = SettingsFile.read(study_file(text))
    guarded = file.guarded
    file.trust("trusted")
    if as_json:
        values = [{"key": g.key, "value": g.value, "reason": g.reason} for g in guarded]
        print(json.dumps({"file": str(file.path), "sha256": file.sha256, "values": values}))
        return 0
    shown = [str(setting) for setting in guarded] or ["nothing in it needs trust"]
    rows = [
        ("file", _plain(str(file.path))),
        ("sha256", file.sha256),
        *(("trusted" if i == 0 else "", line) for i, line in enumerate(shown)),
        ("until", f"it changes or is moved, or: mpsearch trust --revoke {_plain(text)}"),
    ]
    for name, value in rows:
        print(f"{name:15} {value}")
    return 0


def _revoke(text: str, as_json: bool) -> int:
    # The folder may be gone, and then nothing says which of the two was meant.
    forgotten = [str(p) for p in (Path(text), StudyFolder(Path(text)).settings) if forget(p)]
    if not forgotten:
        raise SettingError(f"study {text!r} is not trusted; see mpsearch trust --list")
    if as_json:
        print(json.dumps({"revoked": forgotten}))
    else:
        print(*(f"no longer trusted: {_plain(path)}" for path in forgotten), sep="\n")
    return 0


def _list(as_json: bool) -> int:
    records, damaged = entries()
    print_notes(f"{str(path)!r} is no record of trust; delete it" for path in damaged)
    if as_json:
        rows = [
            {
                "file": record.file,
                "sha256": record.sha256,
                "origin": record.origin,
                "when": record.when,
                "state": record.state,
            }
            for record in records
        ]
        print(json.dumps({"trusted": rows, "damaged": [str(path) for path in damaged]}))
        return 0
    for record in records:
        origin = "written by mpsearch" if record.origin == "written" else "trusted by you"
        print(_plain(f"{record.file}: {origin} {record.when}, {record.state}"))
    if not records:
        print("no study.toml is trusted")
    return 0


def _plain(text: str) -> str:
    """A text that moves no terminal's cursor."""
    return text if text.isprintable() else repr(text)
