"""What is built to be installed: its types are those a program is checked by."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

SCRIPT = """
from pathlib import Path
from typing import assert_type

import mpsearch

bench = mpsearch.load("bundled:digits", memory=2**28)
assert_type(bench, mpsearch.Workbench)
result = mpsearch.find_plan(bench, budget_pp=2.0, folder=Path("study"))
assert_type(result, mpsearch.SearchResult)
assert_type(result.plan, mpsearch.Plan)
assert_type(result.nbytes, int)
assert_type(result.feasible, bool)
assert_type(result.drop_pp, float)
assert_type(result.budget_pp, float | None)
assert_type(result.plan.as_mapping(), dict[str, str])
assert_type([row.scheme for row in result.layers], list[str])
plan = mpsearch.Plan.uniform(bench.layer_names, "fix8")
(measured,) = bench.measure([plan])
assert_type(measured.nbytes, int)
files = mpsearch.export_plan(bench, plan, Path("out"), ["json", "packed"])
assert_type(files, mpsearch.ExportedFiles)
assert_type(files.files["json"], Path)
"""

MISTAKES = """
from pathlib import Path

import mpsearch

bench = mpsearch.load(memory="1 GB")
result = mpsearch.find_plan(bench, budget_pp="2", folder=Path("study"))
result.bytes
mpsearch.export_plan(bench, {"conv": "fix8"}, Path("out"))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel, and ours for what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = folder.glob("mpsearch-*.whl")
    venv.create(folder / "env", symlinks=True)
    prefixes = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=prefixes))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Path(sysconfig.get_path("scripts", "venv", vars=prefixes)) / "python"


def checked(script: str, python: Path, folder: Path) -> tuple[int, str]:
    (folder / "script.py").write_text(script)
    options = ["--strict", "--no-color-output", "--config-file=", f"--python-executable={python}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "script.py"],
        cwd=folder,
        env={"MYPY_CACHE_DIR": str(python.parents[2] / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.long
def test_a_script_is_checked_against_the_wheel(installed: Path, tmp_path: Path) -> None:
    assert checked(SCRIPT, installed, tmp_path) == (
        0,
        "Success: no issues found in 1 source file\n",
    )
    code, said = checked(MISTAKES, installed, tmp_path)
    assert code == 1
    for number, kind in [(6, "arg-type"), (7, "arg-type"), (8, "attr-defined"), (9, "arg-type")]:
        assert any(
            line.startswith(f"script.py:{number}:") and line.endswith(f"[{kind}]")
            for line in said.splitlines()
        ), said
