"""Search for hours, stopped and suspended at random, while dashboards are open.

Run: python scripts/soak/hours.py [HOURS [TRIALS]]; 8 hours and 5,000 plans a study if not said.
Needs Linux, which says how much memory a process holds.

Studies of the bundled network, plans at random, one after the other. Every minute or so the command
is killed or interrupted, and typed again, or suspended for up to a minute. A dashboard of the study
is looked at every second, and that of the first study until the end. No plan may be lost or
changed; and memory may not grow by more than 5 %: of searches and dashboards from the second study
to the last, and of the first dashboard from when its study is full.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Final, Self

from signals import SAID, finished, left_running, open_claims, require_kept, started

QUIET: Final = 40.0  # seconds between two disturbances, on average
SUSPENDED: Final = 60.0  # seconds at most
GROWTH: Final = 1.05
DISTURBANCES: Final = ("killed", "interrupted", "suspended")


def held_mb(process: int) -> float:
    """Megabytes of memory that a process holds; 0 where it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


class Dashboard:
    """The dashboard of a study, looked at every second.

    Attributes:
        looks: How many answers it gave.
    """

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "mpsearch", "dashboard", str(folder), "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = re.search(r"http://[^/]+/", self._process.stdout.readline())
        assert found is not None, "the dashboard does not open"
        self._url = found[0]
        self.looks = 0
        self._stop = threading.Event()
        self._looker = threading.Thread(target=self._look)
        self._looker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._looker.join()
        self._process.terminate()
        self._process.wait()

    @property
    def held_mb(self) -> float:
        """Megabytes of memory that it holds."""
        return held_mb(self._process.pid)

    def _look(self) -> None:
        while not self._stop.wait(1.0):
            (study,) = self._asked("studies")["study_summaries"]
            self._asked(f"studies/{study['study_id']}")
            self.looks += 1

    def _asked(self, what: str) -> dict[str, list[dict[str, int]]]:
        with urllib.request.urlopen(f"{self._url}api/{what}", timeout=120) as answer:
            return dict(json.load(answer))


class Search:
    """One study, searched by the same command until it is full.

    Attributes:
        disturbed: How often it was killed, interrupted and suspended.
        most_mb: The most memory that one of its processes was seen to hold.
    """

    def __init__(self, folder: Path, trials: int, chance: random.Random) -> None:
        self._folder, self._trials, self._chance = folder, trials, chance
        self.disturbed: Counter[str] = Counter()
        self.most_mb = 0.0

    def begin(self) -> None:
        """Search until there is a study to look at."""
        process = self._started()
        while not finished(self._folder):
            assert process.poll() is None, "it does not begin"
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.communicate()

    def run(self) -> None:
        """Search, disturbed, until the study is full."""
        before = finished(self._folder)
        while not self._run_once():
            after = finished(self._folder)
            require_kept(before, after)
            before = after
        assert len(finished(self._folder)) >= self._trials
        assert not open_claims(self._folder), "a claim was left open"

    def _run_once(self) -> bool:
        """One process, until it is stopped or done; whether it was done."""
        process = self._started()
        while True:
            if self._is_done_within(process, self._chance.expovariate(1 / QUIET)):
                said = process.communicate()[1]
                assert process.returncode == 0, f"exit code {process.returncode}: {said}"
                return True
            act = self._chance.choice(DISTURBANCES)
            self.disturbed[act] += 1
            if act != "suspended":
                break
            process.send_signal(signal.SIGSTOP)
            time.sleep(self._chance.uniform(0, SUSPENDED))
            process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGKILL if act == "killed" else signal.SIGINT)
        said = process.communicate()[1]
        assert process.returncode in (0, -signal.SIGKILL, 130), f"{process.returncode}: {said}"
        assert said in ("", SAID), said
        assert not left_running(process.pid), "something is left running"
        return process.returncode == 0

    def _started(self) -> "subprocess.Popen[str]":
        return started(self._folder, "--trials", str(self._trials))

    def _is_done_within(self, process: "subprocess.Popen[str]", seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
                return True
            self.most_mb = max(self.most_mb, held_mb(process.pid))
        return False


def main() -> int:
    """Entry point."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may let jobs ignore it
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    until = time.monotonic() + 3600 * hours
    chance = random.Random(0)
    searches: list[float] = []
    dashboards: list[float] = []
    firsts: list[float] = []
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as opened:
        first: Dashboard | None = None
        while time.monotonic() < until or len(searches) < 3:
            folder = Path(home) / f"study{len(searches)}"
            search = Search(folder, trials, chance)
            search.begin()
            if first is None:
                first = opened.enter_context(Dashboard(folder))
            with Dashboard(folder) as dashboard:
                search.run()
                time.sleep(5)  # the full study is looked at, too
                dashboards.append(dashboard.held_mb)
                looks = dashboard.looks
            searches.append(search.most_mb)
            firsts.append(first.held_mb)
            done = ", ".join(f"{search.disturbed[act]} times {act}" for act in DISTURBANCES)
            held = f"{searches[-1]:.0f}, dashboard {dashboards[-1]:.0f}, the first {firsts[-1]:.0f}"
            plans = f"{len(finished(folder)):,} plans, none lost"
            print(f"{plans}; {done}; {looks} looks; MB: search {held}", flush=True)
    kinds = {
        "searches": searches[-1] / searches[1],
        "dashboards": dashboards[-1] / dashboards[1],
        "first dashboard": firsts[-1] / firsts[0],
    }
    grown = ", ".join(f"{kind} {ratio:.3f}" for kind, ratio in kinds.items())
    holds = max(kinds.values()) <= GROWTH
    print(f"memory at the end, times before: {grown} (claim <= {GROWTH})")
    print("holds" if holds else "FAILS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
