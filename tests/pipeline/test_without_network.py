"""The whole tool with the network cut off, and nothing that so much as tries to use it."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

CUT_OFF = ["unshare", "-rn"]
ALL = textwrap.dedent(
    """
    import json, pathlib, socket, sys

    tried = []

    def watch(event, values):
        if event in ("socket.connect", "socket.sendto") and values[0].family != socket.AF_UNIX:
            tried.append(f"{event} {values[1]}")
        if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
            tried.append(f"{event} {values[:1]}")

    sys.addaudithook(watch)

    from mpsearch.cli.main import run

    def packed():
        return next(str(path) for path in pathlib.Path("e").glob("*.mpq"))

    codes = [run([*command.split(), "--quiet"]) for command in (
        "predict",
        "profile --schemes fix8,fl16 --out p",
        "search --budget 2 --trials 8 --schemes original,fix8,fl16 --out s",
        "report s",
        "export s --format packed keras json npy --to e",
    )]
    codes.append(run(["verify", packed(), "--quiet"]))
    with open("said.json", "w") as file:
        json.dump({"codes": codes, "tried": tried}, file)
    """
)


def can_cut_off() -> bool:
    if shutil.which(CUT_OFF[0]) is None:
        return False
    return subprocess.run([*CUT_OFF, "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.tf
@pytest.mark.skipif(not can_cut_off(), reason="unshare -rn is not there, or not permitted")
def test_everything_works_without_a_network_and_does_not_ask_for_one(here: Path) -> None:
    done = subprocess.run(
        [*CUT_OFF, sys.executable, "-c", ALL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads((here / "said.json").read_text())
    assert said == {"codes": [0] * 6, "tried": []}, done.stderr


@pytest.mark.skipif(not can_cut_off(), reason="unshare -rn is not there, or not permitted")
def test_the_network_is_cut_off_and_the_watch_sees_who_tries(here: Path) -> None:
    planted = "\nsocket.create_connection(('192.0.2.1', 80), timeout=5)\n"
    script = ALL.partition("from mpsearch")[0]
    script += "import atexit; atexit.register(lambda: print(tried))" + planted
    done = subprocess.run(
        [*CUT_OFF, sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "unreachable" in done.stderr
    assert "socket.connect ('192.0.2.1', 80)" in done.stdout
