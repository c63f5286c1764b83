"""Change honest model files at random, again and again; each must get a verdict in time.

The files are of Keras 3, then as many that Keras 2 wrote, some with larger sizes in them.

Run: python scripts/soak/model_files.py [COUNT [SEED]]; 1,000 and 0 where they are left out. Says
how many were taken, refused, took too long, or killed the process that inspects them.
"""

import itertools
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from keras2_files import unpack
from mutated import grown_files, mutated_files

from mpsearch.model.inspection.process import inspected


def outcome(path: Path) -> tuple[str, float]:
    """What the inspection says of a file in one word, and the seconds it took."""
    began = time.perf_counter()
    verdict = inspected(path)
    path.unlink()
    seconds = time.perf_counter() - began
    if "within" in verdict.reason:
        return "too slow", seconds
    if "died" in verdict.reason:
        return "died", seconds
    return "refused" if verdict.reason or verdict.foreign else "taken", seconds


def main() -> None:
    """Entry point."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        waiting = []
        files = unpack(Path(folder) / "keras2").rglob("*.h5")
        old = [(path.suffix, path.read_bytes()) for path in sorted(files)]
        every = itertools.chain(mutated_files(seed, count), grown_files(seed, count, old))
        for number, (ending, content) in enumerate(every):
            path = Path(folder) / f"{number}{ending}"
            path.write_bytes(content)
            waiting.append(pool.submit(outcome, path))
        outcomes = [one.result() for one in waiting]
    for word, times in sorted(Counter(word for word, _ in outcomes).items()):
        print(f"{word:9}{times:7,}")
    print(f"slowest  {max(seconds for _, seconds in outcomes):9.1f} s")


if __name__ == "__main__":
    main()
