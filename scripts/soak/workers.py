"""Kill processes of one study at random moments, again and again; nothing may be lost or left open.

Run: python scripts/soak/workers.py [[URL] KILLS]; without a URL, an SQLite file and a journal in a
temporary folder, 20 kills each, four in five by SIGKILL, one by Ctrl-C. The search is that of the
tests: a small numpy network, plans at random. It has 3,125 plans, so that a file holds 50 kills and
the next 50 have one of their own; a URL takes that many.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from bench_process import trials_of
from hard_life import hard_life
from optuna.trial import TrialState

from mpsearch.values.secret import masked

MOST: Final = 50  # kills of one study


def soak(url: str, kills: int) -> None:
    """Kill *kills* of three processes that search, then let them finish, then look."""
    trials = hard_life(url, kills, by_the_clock=True)
    found = trials_of(url)
    done = [tuple(sorted(t.params.items())) for t in found if t.state == TrialState.COMPLETE]
    assert len(set(done)) == len(done), "a plan was measured twice"
    assert len(done) >= trials
    assert all(one.state != TrialState.RUNNING for one in found), "a claim was left open"
    failed = sum(one.state == TrialState.FAIL for one in found)
    said = f"{kills} kills, {len(done)} plans, none twice; {failed} claims given up"
    print(f"{masked(url)}: {said}", flush=True)


def main() -> None:
    """Entry point."""
    *urls, last = sys.argv[1:] or ["20"]
    kills = int(last)
    if urls:
        soak(urls[0], min(kills, MOST))
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("sqlite", "journal"):
            for first in range(0, kills, MOST):
                soak(f"{kind}:///{folder}/{kind}{first}", min(kills - first, MOST))


if __name__ == "__main__":
    main()
