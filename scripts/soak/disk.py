"""Cut journals, kill writers, let the disk of a report fail; nothing may be lost or torn.

Journals are cut at random bytes, processes killed while they write a file, and of a report over
another every operation on the disk fails in turn, alone and for good.

Run: python scripts/soak/disk.py [CUTS] [KILLS]; 1000 of each if not said.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from journal_cuts import require_cuts_survived
from made_study import MadeStudy, made_study
from report_faults import require_whole_files
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
    with tempfile.TemporaryDirectory() as folder:
        mine, other = Path(folder) / "mine", Path(folder) / "other"
        made_study(mine, ["conv1", "dense"])
        other.mkdir()
        MadeStudy(other, ["conv1", "dense"], seed=5).write_result()
        faults = sum(require_whole_files(mine, other, 1, for_good) for for_good in (False, True))
        print(f"{faults} faults while a report was written: every file of before or new")


if __name__ == "__main__":
    main()
