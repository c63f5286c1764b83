"""A package of somebody else adds a scheme through the entry-point group mpsearch.schemes."""

import os
import subprocess
import sys
from pathlib import Path

MODULE = '''
from mpsearch.schemes import Scheme
from mpsearch.schemes.fl16 import Fl16


class Half(Fl16):
    """Somebody's own halves."""

    family = "half"

    @property
    def name(self) -> str:
        return "half"


def make(argument: str) -> Scheme:
    return Half()
'''


def run(folder: Path, module: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """A command in a process that sees a package installed in *folder*."""
    info = folder / "halves-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: halves\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mpsearch.schemes]\nhalf = halves:make\n")
    (folder / "halves.py").write_text(module)
    return subprocess.run(
        [sys.executable, "-m", "mpsearch", *argv],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


def test_it_is_known_by_name(tmp_path: Path) -> None:
    done = run(tmp_path / "site", MODULE, "schemes", "half", "fix8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "half           Somebody's own halves.",
        "fix8           One byte per weight.",
    ]


def test_one_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    done = run(tmp_path / "site", "1 / 0", "schemes")
    assert done.returncode == 2
    assert "'half'" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.count("\n") == 1
