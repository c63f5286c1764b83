"""Everything bad or odd, kind by kind: taken with a word about it, or refused in one line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_inputs.kinds import KINDS
from bad_inputs.row import GOOD, SEARCH, Row, noise
from bad_inputs.table import ROWS
from command_line import answer
from odd_models import MODELS

from mpsearch.cli.main import run
from mpsearch.model.backend import keras

pytestmark = pytest.mark.xdist_group("bad_inputs")  # the models are made once

SECONDS = 20.0  # a tenth of it on an idle machine; this is for what hangs

EARLY = [row for row in ROWS if row.early]
LATER = [row for row in ROWS if not row.early and row.sent is None]
DISTURBED = [
    row if row.sent in {"SIGINT", "SIGKILL"} else pytest.param(row, marks=pytest.mark.long)
    for row in ROWS
    if row.sent is not None
]

# Runs every command line in one process; says for each what came of it, and how long it took.
DRIVER = textwrap.dedent(
    """
    import contextlib, io, json, sys, time
    from mpsearch.cli.main import run

    HEAVY = {"tensorflow", "optuna", "scipy", "sqlalchemy", "pandas", "matplotlib"}

    def one(argv):
        out, err, begun = io.StringIO(), io.StringIO(), time.perf_counter()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(argv)
        taken = time.perf_counter() - begun
        return [code, out.getvalue(), err.getvalue(), taken, sorted(HEAVY & {*sys.modules})]

    print(json.dumps([one(argv) for argv in json.load(sys.stdin)]))
    """
)


@dataclass(frozen=True)
class Said:
    """What came of one command line."""

    code: int
    out: str
    err: str
    seconds: float
    loaded: list[str]


def contents(folder: Path) -> dict[Path, int]:
    """Every path, and when it was changed."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all files lie."""
    folder = tmp_path_factory.mktemp("bad")
    keras.utils.set_random_seed(0)  # some random weights get a note on their answers
    for name, make in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' of a model that is not built
            make().save(folder / f"{name}.keras")
    MODELS["good"]().save(folder / "good.h5")
    noise(folder / "noise.png")
    (folder / "two.py").write_text("quanti_array = ['fix8', 'fl16']")
    command = ["export", "two.py", "--model", "ten.keras", "--format", "json", "--to", "of_ten"]
    with contextlib.chdir(folder):
        assert run(command) == 0
        assert run(["export", "two.py", *GOOD, "--format", "packed", "--to", "packed"]) == 0
        assert run([*SEARCH, "--budget", "0", "--out", "kept"]) == 0
    (folder / "two.mpq").write_bytes(next((folder / "packed").glob("*.mpq")).read_bytes())
    of_ten = (folder / "of_ten" / "plan.json").read_text()
    (folder / "paths.json").write_text(of_ten.replace('"d1"', '"../../x"'))
    for row in ROWS:
        if row.make is not None:
            row.make(folder)
    return folder


@pytest.fixture(scope="module")
def said_early(folder: Path) -> dict[Row, Said]:
    """What came of every row that needs no TensorFlow, and that nothing was written."""
    before = contents(folder)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps([row.argv for row in EARLY]),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        cwd=folder,
    )
    assert contents(folder) == before
    answers = [Said(*one) for one in json.loads(done.stdout)]
    return dict(zip(EARLY, answers, strict=True))


def test_every_kind_has_a_row() -> None:
    assert {row.number for row in ROWS} == set(KINDS)
    assert len(KINDS) == 84


def require_one_line(row: Row, out: str, err: str) -> None:
    """A refusal: one line on stderr with all that it must say."""
    assert out == ""
    assert err.startswith("mpsearch: error: ")
    assert err.count("\n") == 1
    for one in row.says:
        assert one in err


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes as POSIX has them")
@pytest.mark.parametrize("row", EARLY, ids=lambda row: row.id)
def test_a_bad_file_is_refused_before_tensorflow_is_loaded(
    said_early: dict[Row, Said], row: Row
) -> None:
    one = said_early[row]
    assert one.code == row.code, one.err
    require_one_line(row, one.out, one.err)
    assert one.loaded == []
    assert one.seconds < SECONDS


@pytest.mark.parametrize("row", LATER, ids=lambda row: row.id)
def test_it_is_taken_or_refused_in_one_line(
    folder: Path, row: Row, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = contents(folder)
    code = run(row.argv)
    out, err = capsys.readouterr()
    assert code == row.code, err
    if code in (0, 4):
        assert "Traceback" not in err
        assert "mpsearch: error" not in err
        for one in row.says:
            assert one in out + err
    else:
        require_one_line(row, out, err)
        assert contents(folder) == before
    assert (code == 4) == ("mpsearch: no feasible plan: " in err)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("row", DISTURBED, ids=lambda row: row.id)
def test_a_search_that_is_disturbed_loses_nothing(
    row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "studies" / row.argv[row.argv.index("--study-name") + 1]
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(started(row.argv, tmp_path))
        wait_for(study / "best.json")
        if row.sent == "copy":  # both do their part of the same search
            copy = stack.enter_context(started(row.argv, tmp_path))
            _, err = copy.communicate(timeout=240)
            assert copy.returncode == row.code, err
        else:
            send(process, row)
        out, err = process.communicate(timeout=240)
    assert process.returncode == row.code, err
    assert "Traceback" not in err
    for one in row.says:
        assert one in err
    assert (out == "") == (row.code != 0)
    if row.code == 0:  # it went on by itself
        assert json.loads((study / "result.json").read_text())["feasible"]
        return
    with contextlib.chdir(tmp_path):
        found = answer(capsys, *row.argv, "--trials", "30")
    assert found["feasible"]
    assert found["trials"] >= 14


def started(argv: tuple[str, ...], folder: Path) -> "subprocess.Popen[str]":
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mpsearch", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        cwd=folder,
    )


def wait_for(file: Path) -> None:
    """Until it is there."""
    deadline = time.monotonic() + 120
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def send(process: "subprocess.Popen[str]", row: Row) -> None:
    """The signal that *row* names; a process that is stopped goes on."""
    assert row.sent is not None
    process.send_signal(signal.Signals[row.sent])
    if row.sent == "SIGSTOP":
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        process.send_signal(signal.SIGCONT)
