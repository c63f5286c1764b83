"""Kill a search again and again; plan for plan it must be the one that was left alone.

Run: python scripts/soak/resume.py [ROUNDS] [KILLS]; 20 rounds of 6 kills if not said, for every
sampler on an SQLite file and on a journal.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from killed_search import KINDS, require_same


def main() -> None:
    """Entry point."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    for storage in ("sqlite", "journal"):
        for kind in KINDS:
            early = 0
            for number in range(rounds):
                with tempfile.TemporaryDirectory() as folder:
                    parts = Path(folder), storage, kind, kills, 30 + number
                    early += require_same(*parts, by_the_clock=True)
            print(f"{kind} on {storage}: {rounds} rounds the same, {early} kills", flush=True)


if __name__ == "__main__":
    main()
