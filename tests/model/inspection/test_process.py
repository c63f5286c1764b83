"""The child process may do what it likes: its parent gets a verdict."""

import sys
import time
from pathlib import Path

import pytest
from crafted.blocks import keras_file, layer, network

from mpsearch.model.inspection import limits, process
from mpsearch.model.inspection.process import inspected
from mpsearch.model.inspection.verdict import Verdict


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.keras"
    path.write_bytes(keras_file(network()))
    return path


def child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "_START", program)


def test_an_honest_file_passes(file: Path) -> None:
    assert inspected(file) == Verdict()


def test_a_relative_path_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert inspected(Path(file.name)) == Verdict()


def test_what_is_foreign_comes_back(file: Path) -> None:
    file.write_bytes(keras_file(network(layer("Lambda", "ü\n"))))
    assert inspected(file).foreign[0] == "layer 'ü\\n': type Lambda is not supported"


def test_modules_beside_the_model_are_not_imported(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("h5py", "json", "resource", "mpsearch"):
        (file.parent / f"{name}.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(file.parent)
    assert inspected(file) == Verdict()


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(3)",
        "import os; os.abort()",
        "print('nonsense')",
        "print('{}')",
        "print('[1]')",
        "import sys; sys.stdout.buffer.write(bytes([255]))",
        "",
    ],
)
def test_a_child_that_dies_or_raves_is_a_verdict(
    file: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    child(monkeypatch, program)
    assert "cannot be read" in inspected(file).reason


def test_a_child_that_hangs_is_ended(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(limits, "_WALL_SECONDS", 0.5)
    began = time.monotonic()
    assert "cannot be read within" in inspected(file).reason
    assert time.monotonic() - began < 30


LIMITED = "from mpsearch.model.inspection import limits; limits._CPU_SECONDS = 1.0; "


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have fewer limits")
@pytest.mark.parametrize(
    "program",
    [
        "limits.limit_this_process(0); bytearray(2**31)",
        "limits.limit_this_process(0)\nwhile True: pass",
    ],
)
def test_memory_and_time_are_limited(
    file: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    child(monkeypatch, LIMITED + program)
    # Not "cannot be read within", as one that is ended from outside.
    assert "the process that inspects it died" in inspected(file).reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have fewer limits")
def test_the_child_writes_no_files(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "written"
    child(
        monkeypatch,
        f"{LIMITED}limits.limit_this_process(0); open({str(target)!r}, 'w').write('x' * 99)",
    )
    assert "died" in inspected(file).reason
    assert target.read_bytes() == b""


def test_large_files_get_more_time() -> None:
    assert limits.wall_seconds(0) == (10 if sys.platform == "win32" else 60)
    assert limits.wall_seconds(2**30) > 25
