"""Cut journals at random bytes, kill processes while they write; nothing may be lost or torn.

Run: python scripts/soak/disk.py [CUTS] [KILLS]; 1000 of each if not said.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from journal_cuts import require_cuts_survived
from write_process import kill_writers


def main() -> None:
    """Entry point."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder:
        trials = require_cuts_survived(Path(folder) / "journal", cuts)
        print(
            f"{cuts} cuts: all opened and went on; {trials} finished trials, none lost", flush=True
        )
    with tempfile.TemporaryDirectory() as folder:
        left = kill_writers(Path(folder), kills)
        print(f"{kills} kills: no torn file; {left} temporary files left, all swept by the next")


if __name__ == "__main__":
    main()
