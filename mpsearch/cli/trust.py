"""``mpsearch trust``."""

import argparse
import json
from pathlib import Path
from typing import Any

from mpsearch.cli.notes import print_notes
from mpsearch.cli.options import add_command, study_file
from mpsearch.trust import STORAGE_VARIABLE, SettingsFile
from mpsearch.values.errors import SettingError
from mpsearch.values.study_folder import StudyFolder


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "trust",
        _run,
        "obey everything that a study.toml of somebody else says",
        "A study.toml that your mpsearch did not write on this machine chooses what is read and "
        "computed, and nothing else: no server, no storage outside its folder, no "
        "allow_unsafe_model, no download, no more workers or memory than the machine has. Give "
        f"such settings as options (or {STORAGE_VARIABLE}), or trust the file: as long as it does "
        "not change and stays where it is. Other files of the folder are not meant: models are "
        "inspected as ever, unless you let the file say allow_unsafe_model.",
    )
    parser.add_argument(
        "study", nargs="?", metavar="STUDY", help="the study's folder, or its study.toml"
    )
    parser.add_argument(
        "--list", action="store_true", help="list the files that are trusted, and why"
    )
    parser.add_argument(
        "--revoke", action="store_true", help="trust it no more, also if mpsearch wrote it"
    )


def _run(args: argparse.Namespace) -> int:
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
    shown = [str(one) for one in guarded] or ["nothing in it needs trust"]
    rows = [
        ("file", _plain(str(file.path))),
        ("sha256", file.sha256),
        *(("trusted" if i == 0 else "", one) for i, one in enumerate(shown)),
        ("until", f"it changes or is moved, or: mpsearch trust --revoke {_plain(text)}"),
    ]
    for name, value in rows:
        print(f"{name:15} {value}")
    return 0


def _revoke(text: str, as_json: bool) -> int:
    from mpsearch.trust.record import forget  # noqa: PLC0415

    # The folder may be gone, and then nothing says which of the two was meant.
    forgotten = [str(p) for p in (Path(text), StudyFolder(Path(text)).settings) if forget(p)]
    if not forgotten:
        raise SettingError(f"study {text!r} is not trusted; see mpsearch trust --list")
    if as_json:
        print(json.dumps({"revoked": forgotten}))
    else:
        print(*(f"no longer trusted: {_plain(one)}" for one in forgotten), sep="\n")
    return 0


def _list(as_json: bool) -> int:
    from mpsearch.trust.record import entries  # noqa: PLC0415

    found, damaged = entries()
    print_notes(f"{str(path)!r} is no record of trust; delete it" for path in damaged)
    if as_json:
        rows = [
            {
                "file": one.file,
                "sha256": one.sha256,
                "origin": one.origin,
                "when": one.when,
                "state": one.state,
            }
            for one in found
        ]
        print(json.dumps({"trusted": rows, "damaged": [str(path) for path in damaged]}))
        return 0
    for one in found:
        origin = "written by mpsearch" if one.origin == "written" else "trusted by you"
        print(_plain(f"{one.file}: {origin} {one.when}, {one.state}"))
    if not found:
        print("no study.toml is trusted")
    return 0


def _plain(text: str) -> str:
    """A text that moves no terminal's cursor."""
    return text if text.isprintable() else repr(text)
