"""The child process: ``python -m mpsearch.model.inspection FILE [ARCHITECTURE]`` prints a verdict.

Its output must be a pipe: it may write no files. numpy and h5py are imported when memory is
limited already.
"""

import sys
from pathlib import Path

from mpsearch.model.inspection.limits import limit_this_process
from mpsearch.model.inspection.verdict import Verdict


def main(path: Path, architecture: Path | None = None) -> None:
    """Print the verdict on a file, and the one its architecture is in, as one line."""
    size = path.stat().st_size + (architecture.stat().st_size if architecture else 0)
    limit_this_process(size)
    try:
        from mpsearch.model.inspection.file import inspect_file  # noqa: PLC0415

        verdict = inspect_file(path, architecture)
    except MemoryError:
        verdict = Verdict("needs too much memory to be read", "save it again from Keras")
    sys.stdout.write(f"{verdict.to_line()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
