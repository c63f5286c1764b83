"""``mpsearch trust``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command
from mpsearch.trust import STORAGE_VARIABLE


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "trust",
        "obey everything that another user's study.toml says",
        "A study.toml that your mpsearch did not write on this machine chooses what is read and "
        "computed, and nothing else: no server, no storage outside its folder, no "
        "allow_unsafe_model, no download, no more workers or memory than the machine has. Give "
        f"such settings as options (or {STORAGE_VARIABLE}), or trust the file: as long as it does "
        "not change and stays where it is. This does not cover other files of the folder: models "
        "are still inspected, unless the trusted file says allow_unsafe_model.",
    )
    parser.add_argument(
        "study", nargs="?", metavar="STUDY", help="the study's folder, or its study.toml"
    )
    parser.add_argument(
        "--list", action="store_true", help="list the files that are trusted, and why"
    )
    parser.add_argument(
        "--revoke", action="store_true", help="stop trusting it, even if mpsearch wrote it"
    )
