"""What is wrong with a file is said in one line before TensorFlow is loaded."""

import json
import os
import subprocess
import sys
import textwrap
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from png_files import chunk, png

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
SECONDS = 20.0  # a tenth of it on an idle machine; this is for what hangs
GOOD = "good.keras"


@dataclass(frozen=True)
class Said:
    """What came of one command line."""

    code: int
    out: str
    err: str
    seconds: float
    loaded: list[str]


@dataclass(frozen=True)
class Row:
    """A file that nobody should accept, and what must be said of it.

    ``make`` writes the file into a folder and returns the name it is given by.
    """

    number: str
    make: Callable[[Path], str]
    names: tuple[str, ...]
    picture: bool = False

    def argv(self, folder: Path) -> list[str]:
        name = self.make(folder)
        if self.picture:
            return ["predict", "--model", GOOD, "--images", name]
        return ["predict", "--model", name]


def written(name: str, content: bytes) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return name

    return make


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], str]:
    """The good model with other bytes."""

    def make(folder: Path) -> str:
        (folder / name).write_bytes(change((folder / GOOD).read_bytes()))
        return name

    return make


def flipped(content: bytes) -> bytes:
    """One bit in the middle, which is in the weights."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def without_weights(folder: Path) -> str:
    with (
        zipfile.ZipFile(folder / GOOD) as whole,
        zipfile.ZipFile(folder / "bare.keras", "w") as less,
    ):
        for item in whole.infolist():
            if not item.filename.endswith(".h5"):
                less.writestr(item, whole.read(item))
    return "bare.keras"


def empty_zip(folder: Path) -> str:
    with zipfile.ZipFile(folder / "empty_zip.keras", "w"):
        return "empty_zip.keras"


def directory(name: str, *inside: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / name).mkdir()
        for one in inside:
            (folder / name / one).write_bytes(b"x")
        return name

    return make


def hdf5(name: str, kept: float = 1.0) -> Callable[[Path], str]:
    """Weights alone, and as much of the file as is kept."""

    def make(folder: Path) -> str:
        with h5py.File(folder / name, "w") as file:
            file.create_dataset("layers/conv/vars/0", data=np.ones((64, 64), np.float32))
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(kept * len(content))])
        return name

    return make


def pipe(name: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        os.mkfifo(folder / name)
        return name

    return make


def dangling(folder: Path) -> str:
    (folder / "dangling.keras").symlink_to("nowhere.keras")
    return "dangling.keras"


def picture(name: str, kept: float) -> Callable[[Path], str]:
    """Noise as a picture, and as much of the file as is kept."""

    def make(folder: Path) -> str:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(kept * len(content))])
        return name

    return make


BOMB = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(200 * 2**20), 9))
ROWS = [
    Row("1", lambda _: "missing.keras", ("'missing.keras'", "No such file")),
    Row("2", written("empty.keras", b""), ("'empty.keras'", "empty")),
    Row("3", written("empty.h5", b""), ("'empty.h5'", "empty")),
    Row("3", written("text.h5", b"hello\n" * 99), ("'text.h5'",)),
    Row("4", written("text.keras", b"hello\n" * 99), ("'text.keras'",)),
    Row("5", changed("cut.keras", lambda c: c[: len(c) // 2]), ("'cut.keras'",)),
    Row("6", hdf5("cut.h5", 0.5), ("'cut.h5'",)),
    Row("7", changed("flipped.keras", flipped), ("'flipped.keras'",)),
    Row("9", without_weights, ("'bare.keras'", "weights")),
    Row("10", empty_zip, ("'empty_zip.keras'",)),
    Row("11", directory("folder.keras"), ("'folder.keras'",)),
    Row("14", hdf5("net.weights.h5"), ("'net.weights.h5'", "weights")),
    Row("14", hdf5("renamed.h5"), ("'renamed.h5'", "weights")),
    Row("15", directory("saved", "saved_model.pb"), ("'saved'", "SavedModel")),
    Row("15", written("net.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(99)), ("'net.tflite'",)),
    Row("15", written("net.onnx", b"\x08\x07\x12\x07pytorch"), ("'net.onnx'",)),
    Row("15", written("net.pb", b"\x0a\x05input"), ("'net.pb'",)),
    Row("16", lambda _: "hf://someone/net", ("hf://someone/net", "local")),
    Row("16", lambda _: "gs://bucket/net.keras", ("gs://bucket/net.keras", "local")),
    Row("16", lambda _: "http://host/net.keras", ("http://host/net.keras", "local")),
    Row("17", pipe("pipe.keras"), ("'pipe.keras'", "regular file")),
    Row("17", lambda _: "/dev/zero", ("'/dev/zero'", "regular file")),
    Row("17", dangling, ("'dangling.keras'",)),
    Row("55", written("empty.png", b""), ("empty.png",), picture=True),
    Row("55", written("text.jpg", b"hello\n" * 99), ("text.jpg",), picture=True),
    Row("55", written("page.png", b"<!DOCTYPE html><html></html>"), ("page.png",), picture=True),
    Row("55", written("cat.svg", b"<svg xmlns='x'/>"), ("cat.svg",), picture=True),
    Row("56", picture("cut.png", 0.5), ("cut.png",), picture=True),
    Row("56", picture("cut.jpg", 0.5), ("cut.jpg",), picture=True),
    Row("64", written("20000.png", png(20000, 20000, b"")), ("20000.png",), picture=True),
    Row("65", written("13000.png", png(13000, 13000, b"")), ("13000.png",), picture=True),
    Row("66", written("liar.png", png(5000, 5000, bytes(99))), ("liar.png",), picture=True),
    Row("67", written("bomb.png", png(8, 8, bytes(72), BOMB)), ("bomb.png",), picture=True),
    Row("68", written("x.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n"), ("x.eps",), picture=True),
    Row("71", directory("no_pictures"), ("'no_pictures'",), picture=True),
    Row("71", directory("texts", "a.txt"), ("'texts'",), picture=True),
]
IDS = [f"{i}-row{row.number}" for i, row in enumerate(ROWS)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    """What came of every row, and that nothing was written."""
    folder = tmp_path_factory.mktemp("bad")
    bundled = files("mpsearch.model") / "bundled" / "digits.keras"
    (folder / GOOD).write_bytes(bundled.read_bytes())
    lines = [row.argv(folder) for row in ROWS]
    before = sorted(folder.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=folder,
    )
    assert sorted(folder.rglob("*")) == before
    return [Said(*one) for one in json.loads(done.stdout)]


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes as POSIX has them")
@pytest.mark.parametrize("index", range(len(ROWS)), ids=IDS)
def test_a_bad_file_is_refused_before_tensorflow_is_loaded(said: list[Said], index: int) -> None:
    row, one = ROWS[index], said[index]
    assert (one.code, one.out) == (2, ""), one.err
    assert one.err.startswith("mpsearch: error: ")
    assert one.err.count("\n") == 1
    for name in row.names:
        assert name in one.err
    assert one.loaded == []
    assert one.seconds < SECONDS
