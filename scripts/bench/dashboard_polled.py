"""Does a search keep its speed while its dashboard is open and asks for the study every second?

Claim: at least 0.75 times as many plans a second as without, on the bundled model, plans at random.

Run: python scripts/bench/dashboard_polled.py [TRIALS]
"""

import itertools
import json
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

CLAIM: Final = 0.75
TURNS: Final = 3
PAUSE: Final = 1.0  # seconds between two looks; the page itself asks less often
MPSEARCH: Final = (sys.executable, "-m", "mpsearch")


def search(folder: Path, trials: int) -> subprocess.Popen[bytes]:
    """Start a search."""
    options = ("--budget", "2", "--sampler", "random", "--quiet", "--trials", str(trials))
    return subprocess.Popen(
        [*MPSEARCH, "search", *options, "--out", str(folder)], stdout=subprocess.DEVNULL
    )


def looks(url: str, stop: threading.Event, count: "itertools.count[int]") -> None:
    """Ask for the study and its trials, as the page does, until told to stop."""
    while not stop.wait(PAUSE):
        with urllib.request.urlopen(f"{url}api/studies", timeout=60) as answer:
            (study,) = json.load(answer)["study_summaries"]
        with urllib.request.urlopen(f"{url}api/studies/{study['study_id']}", timeout=60) as answer:
            json.load(answer)
        next(count)


@contextmanager
def dashboard(folder: Path) -> Iterator[str]:
    """A dashboard's address."""
    command = [*MPSEARCH, "dashboard", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[^/]+/", process.stdout.readline())
        assert found is not None
        try:
            yield found[0]
        finally:
            process.terminate()


def measured(folder: Path) -> tuple[list[Any], float]:
    """The plans of a study in order, and how many a second."""
    with closing(sqlite3.connect(folder / "study.db")) as database:
        plans = database.execute(
            "SELECT number, param_name, param_value FROM trials JOIN trial_params USING (trial_id) "
            "ORDER BY number, param_name"
        ).fetchall()
        ((count, seconds),) = database.execute(
            "SELECT count(*), (julianday(max(datetime_complete)) - "
            "julianday(min(datetime_complete))) * 86400 FROM trials "
            "WHERE state = 'COMPLETE' AND number > 9"  # those of the first command are fewer
        ).fetchall()
    return plans, count / seconds


def main() -> int:
    """Search by turns, alone and looked at."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    ratios = []
    with tempfile.TemporaryDirectory() as home:
        begun = Path(home) / "begun"
        search(begun, 1).wait()  # so that there is a study to open
        for turn in range(TURNS):
            alone, seen = Path(home) / f"alone{turn}", Path(home) / f"seen{turn}"
            for folder in (alone, seen):
                shutil.copytree(begun, folder)
            search(alone, trials).wait()
            count, stop = itertools.count(), threading.Event()
            with dashboard(seen) as url:
                looker = threading.Thread(target=looks, args=(url, stop, count))
                looker.start()
                search(seen, trials).wait()
                stop.set()
                looker.join()
            plans, speed = measured(alone)
            plans_seen, speed_seen = measured(seen)
            if plans != plans_seen:
                raise SystemExit("not equal: the search went another way while it was looked at")
            ratios.append(speed_seen / speed)
            print(
                f"{speed:.0f} plans a second alone, {speed_seen:.0f} seen, {next(count)} looks",
                flush=True,
            )
    ratio = statistics.median(ratios)
    verdict = "holds" if ratio >= CLAIM else "FAILS"
    print(f"{ratio:.2f} times the speed (claim >= {CLAIM}): {verdict}")
    return 0 if ratio >= CLAIM else 1


if __name__ == "__main__":
    sys.exit(main())
