"""Kill processes of one study at random moments, again and again; nothing may be lost or left open.

Run: python scripts/soak/workers.py [URL] [KILLS]; without a URL, an SQLite file and a journal in a
temporary folder, 20 kills each, four in five by SIGKILL, one by Ctrl-C. The search is that of the
tests: a small numpy network, plans at random.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from bench_process import trials_of
from hard_life import hard_life
from optuna.trial import TrialState

from mpsearch.core.secret import masked


def soak(url: str, kills: int) -> None:
    """Kill *kills* of three processes that search, then let them finish, then look."""
    trials = hard_life(url, kills)
    found = trials_of(url)
    done = [tuple(sorted(t.params.items())) for t in found if t.state == TrialState.COMPLETE]
    assert len(set(done)) == len(done), "a plan was measured twice"
    assert len(done) >= trials
    assert all(one.state != TrialState.RUNNING for one in found), "a claim was left open"
    failed = sum(one.state == TrialState.FAIL for one in found)
    print(f"{masked(url)}: {kills} kills, {len(done)} plans, none twice; {failed} claims given up")


def main() -> None:
    """Entry point."""
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    if len(sys.argv) > 1:
        soak(sys.argv[1], kills)
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("sqlite", "journal"):
            soak(f"{kind}:///{folder}/{kind}", kills)


if __name__ == "__main__":
    main()
