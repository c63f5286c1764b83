"""Kill processes of one study at random moments, again and again; nothing may be lost or left open.

Run: python scripts/soak/workers.py [URL] [KILLS]; without a URL, an SQLite file and a journal in a
temporary folder, 20 kills each. The search is that of the tests: a small numpy network, plans at
random.
"""

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

import bench_process
from optuna.trial import TrialState

_AT_ONCE: Final = 3


def soak(url: str, kills: int) -> None:
    """Kill *kills* of three processes that search, then let them finish, then look."""
    chance = random.Random(0)
    trials = 5 * kills
    processes = [bench_process.start(url, trials) for _ in range(_AT_ONCE)]
    acknowledged: set[int] = set()
    for _ in range(kills):
        victim = chance.choice(processes)
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        victim.kill()
        victim.communicate()
        processes.remove(victim)
        processes.append(bench_process.start(url, trials))
        finished = {
            one.number for one in bench_process.trials_of(url) if one.state == TrialState.COMPLETE
        }
        assert acknowledged <= finished, "a finished measurement was lost"
        acknowledged = finished
    for process in processes:
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
    found = bench_process.trials_of(url)
    done = [tuple(sorted(t.params.items())) for t in found if t.state == TrialState.COMPLETE]
    assert len(set(done)) == len(done), "a plan was measured twice"
    assert len(done) >= trials
    assert all(one.state != TrialState.RUNNING for one in found), "a claim was left open"
    failed = sum(one.state == TrialState.FAIL for one in found)
    print(f"{url}: {kills} kills, {len(done)} plans measured, none twice; {failed} claims given up")


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
