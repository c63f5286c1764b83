"""Every malicious file is refused, by the command and by the inspection, and nothing happens."""

import json
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crafted.attack import Attack
from crafted.gallery import GALLERY, build_gallery

pytestmark = pytest.mark.xdist_group("gallery")  # what is shared is made once

SLOWEST = 5.0  # seconds for one file: of work, and by the clock where nothing else is to be done
PATIENCE = 4  # times as long by the clock where there is


@dataclass(frozen=True)
class Built:
    folder: Path
    marker: Path

    def paths(self, attacks: tuple[Attack, ...]) -> list[str]:
        return [str(self.folder / attack.name) for attack in attacks]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("gallery")
    marker = folder / "MARKER"
    build_gallery(folder, marker)
    return Built(folder, marker)


def python(program: str, *argv: str) -> Any:
    """Run a program, and read the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *argv],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout)


def test_the_gallery_is_large() -> None:
    names = [attack.name for attack in GALLERY]
    assert len(set(names)) == len(names) >= 40
    assert {Path(name).suffix for name in names} == {".keras", ".h5"}


# Runs the command for each file and tells its exit code, what it said, and how long it took: by
# the clock, and the processors' work, the inspecting process included.
COMMANDS = """
    import contextlib, io, json, os, sys, time
    from mpsearch.cli.main import run

    def worked():
        return sum(os.times()[:4])

    answers = []
    for path in sys.argv[1:]:
        said, began, before = io.StringIO(), time.perf_counter(), worked()
        with contextlib.redirect_stderr(said):
            code = run(["predict", "--model", path])
        took = time.perf_counter() - began, worked() - before
        answers.append([code, said.getvalue(), *took])
    heavy = sorted({"tensorflow", "keras", "h5py"} & set(sys.modules))
    print(json.dumps({"answers": answers, "heavy": heavy}))
    """


@pytest.mark.slow
@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.long)])
def test_the_command_refuses_every_file_in_one_line(built: Built, step: int) -> None:
    """Of every *step*-th file; the inspection alone is asked about all of them below."""
    some = GALLERY[::step]
    with ThreadPoolExecutor() as pool:
        halves = [some[::2], some[1::2]]
        runs = list(pool.map(lambda half: python(COMMANDS, *built.paths(half)), halves))
    wrong = []
    for half, done in zip(halves, runs, strict=True):
        assert done["heavy"] == []
        for attack, (code, said, seconds, work) in zip(half, done["answers"], strict=True):
            lines = said.splitlines()
            start = f"mpsearch: error: model {str(built.folder / attack.name)!r}"
            is_one_line = len(lines) == 1 and lines[0].startswith(start) and ";" in lines[0]
            if code != 2 or not is_one_line or attack.says not in said:
                wrong.append((attack.name, code, said[:300]))
            assert work < SLOWEST, attack.name
            assert seconds < SLOWEST * PATIENCE, attack.name
    assert wrong == []
    assert not built.marker.exists()


def test_a_process_of_its_own_refuses_within_seconds(built: Built) -> None:
    for name in ("lambda.keras", "lambda.h5", "config_bomb.keras", "shape_bomb_4_gib.h5"):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mpsearch", "predict", "--model", str(built.folder / name)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("mpsearch: error: ")
        assert time.perf_counter() - began < SLOWEST * PATIENCE
    assert not built.marker.exists()


# Inspects each file with an ear on what the interpreter is asked to do meanwhile.
INSPECTIONS = """
    import encodings.ascii, encodings.cp437, json, os, sys
    from pathlib import Path
    from mpsearch.model.inspection.file import inspect_file

    honest, *paths = map(Path, sys.argv[1:])
    inspect_file(honest)  # whatever is imported late is imported now
    events, listening = [], True

    def hear(event, arguments):
        if not listening:
            return
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        is_write = event == "open" and (
            arguments[2] & writes or set(str(arguments[1] or "")) & set("wax+")
        )
        parts = ("exec", "compile", "marshal", "pickle", "subprocess", "socket", "ctypes")
        changes = ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.truncate")
        starts = ("os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "shutil")
        if is_write or event.startswith((*parts, *changes, *starts, "import")):
            events.append([event, repr(arguments)[:200]])

    sys.addaudithook(hear)
    verdicts = []
    for path in paths:
        verdict = inspect_file(path)
        verdicts.append([verdict.reason, *verdict.foreign])
    listening = False
    print(json.dumps({"verdicts": verdicts, "events": events}))
    """


def test_the_inspection_asks_nothing_of_the_interpreter(built: Built) -> None:
    honest = Path(__file__).parents[2] / "mpsearch" / "model" / "bundled" / "digits.keras"
    beginnings = (b"PK\x03\x04", b"\x89HDF")  # others do not come so far
    attacks = tuple(
        attack for attack in GALLERY if (built.folder / attack.name).read_bytes()[:4] in beginnings
    )
    done = python(INSPECTIONS, str(honest), *built.paths(attacks))
    assert done["events"] == []
    assert len(attacks) > 150
    for attack, verdict in zip(attacks, done["verdicts"], strict=True):
        assert attack.says in " ".join(verdict), attack.name
    assert not built.marker.exists()


# What Keras does with the same files when it trusts them.
TRUSTING = """
    import json, os, sys
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from pathlib import Path
    import keras

    marker, *paths = map(Path, sys.argv[1:])
    ran = []
    for path in paths:
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=False)
            model(keras.ops.zeros((1, 4, 4, 3)))
        except Exception:
            pass
        if marker.exists():
            ran.append(path.name)
            marker.unlink()
    print(json.dumps(ran))
    """


@pytest.mark.tf
@pytest.mark.slow
def test_the_code_in_the_gallery_would_run(built: Built) -> None:
    names = ("lambda", "lambda_wrapped", "lambda_nested", "lambda_output_shape")
    files = tuple(a for a in GALLERY if a.name.partition(".")[0] in names)
    ran = python(TRUSTING, str(built.marker), *built.paths(files))
    assert len(ran) >= 6, ran
