"""What is odd about a model, a picture or a plan: taken with a word about it, or refused in one."""

import contextlib
import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from odd_models import MODELS
from packed_files import with_header
from PIL import Image

from mpsearch.cli.main import run

pytestmark = pytest.mark.xdist_group("odd_input")  # the models are made once

GOOD = ("--model", "good.keras", "--preprocess", "unit")
PREDICT = ("predict", *GOOD, "--images")
PROFILE = ("profile", *GOOD, "--images", "noise.png", "--json", "--model")
SEARCH = ("search", *GOOD, "--images", "noise.png", "--holdout", "0")
NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


@dataclass(frozen=True)
class Row:
    """A command line, and what comes of it.

    ``says`` is in what is printed, all of it: on stderr if it is refused, anywhere if not.
    """

    number: int
    argv: tuple[str, ...]
    code: int
    says: tuple[str, ...] = ()
    make: Callable[[Path], object] | None = None


def model(number: int, name: str, code: int, *says: str, more: tuple[str, ...] = ()) -> Row:
    """A model of :data:`MODELS` and a picture."""
    argv = (*PREDICT, "noise.png", "--model", f"{name}.keras", *more)
    return Row(number, argv, code, says)


def picture(number: int, name: str, make: Callable[[Path], object], code: int, *says: str) -> Row:
    """A picture for the good model; *make* gets the path to write."""
    argv = (*PREDICT, name)
    return Row(number, argv, code, says, lambda folder: make(folder / name))


def plan(number: int, code: int, *says: str, **files: str) -> Row:
    """A file with a plan for the good model, exported as JSON."""
    ((name, text),) = files.items()
    file = name.replace("_", ".")
    return Row(
        number,
        ("export", file, "--model", "good.keras", "--format", "json", "--to", "out"),
        code,
        says,
        lambda folder: (folder / file).write_bytes(text.encode()),
    )


def copied(old: str, new: str) -> Callable[[Path], object]:
    return lambda folder: shutil.copy(folder / old, folder / new)


def flipped_weight(folder: Path) -> None:
    """The lowest bit of a weight in an HDF5 file, which has no checksums."""
    content = bytearray((folder / "good.h5").read_bytes())
    with h5py.File(folder / "good.h5") as file:
        where = file["model_weights/c1"].visititems(
            lambda _, found: found.id.get_offset() if isinstance(found, h5py.Dataset) else None
        )
    content[where] ^= 1
    (folder / "flipped.h5").write_bytes(content)


def image(array: np.ndarray, mode: str | None = None) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        one = Image.fromarray(array)
        (one.convert(mode) if mode else one).save(path)

    return make


def animated(path: Path) -> None:
    frames = [Image.fromarray(NOISE), Image.fromarray(255 - NOISE)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def oriented(path: Path) -> None:
    one = Image.fromarray(NOISE)
    exif = one.getexif()
    exif[0x0112] = 6
    one.save(path, exif=exif)


def slashed(folder: Path) -> None:
    """As old versions of Keras let a layer be named."""
    shutil.copy(folder / "good.h5", folder / "slashed.h5")
    with h5py.File(folder / "slashed.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"c1"', '"a/b"')
        file["model_weights"].move("c1", "a/b")
        file["model_weights"].attrs["layer_names"] = ["a/b", "d1"]


def unpack(name: str, change: Callable[[bytes], bytes], *says: str) -> Row:
    """A packed file of the good model with other bytes."""

    def make(folder: Path) -> None:
        (folder / f"{name}.mpq").write_bytes(change((folder / "two.mpq").read_bytes()))

    argv = ("unpack", f"{name}.mpq", "--to", f"from_{name}.keras", "--model", "good.keras")
    return Row(80, argv, 2, (f"{name}.mpq", *says), make)


def twins(folder: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(NOISE).save(folder / "twins" / name)


ROWS = [
    Row(8, (*PREDICT, "noise.png", "--model", "flipped.h5"), 0, (), flipped_weight),
    *(
        Row(12, (*PREDICT, "noise.png", "--model", name), 0, (), copied(old, name))
        for name, old in (("bare", "good.keras"), ("good.KERAS", "good.keras"), ("b5", "good.h5"))
    ),
    *(
        Row(13, (*PREDICT, "noise.png", "--model", name), 0, (), copied(old, name))
        for name, old in (("really_zip.h5", "good.keras"), ("really_hdf5.keras", "good.h5"))
    ),
    model(25, "far", 2, "'far'", "GiB"),
    model(29, "nan", 2, "'c1'", "kernel", "1 NaN", "nan at [1, 1, 1, 1]"),
    model(30, "inf", 2, "'c1'", "kernel", "-inf at [1, 1, 1, 1]"),
    model(31, "logits", 0),
    model(32, "multi_label", 2, "probabilities"),
    model(33, "regression", 2),
    model(34, "binary", 0),
    model(35, "ten", 0),
    model(35, "thousand", 0),
    model(36, "two_inputs", 2, "2 inputs"),
    model(37, "two_outputs", 2, "2 outputs"),
    model(38, "vectors", 2, "20", "image"),
    model(39, "open_size", 2, "--size"),
    model(39, "open_size", 0, more=("--size", "12x12")),
    model(40, "gray", 0),
    model(41, "channels_first", 2, "channels"),
    model(42, "nothing", 2, "nothing to quantize"),
    Row(43, ("check", "uniform", *GOOD, "--images", "noise.png", "--out", "checked"), 0),
    Row(44, (*PROFILE, "shared.keras"), 0, ("twice",)),
    Row(45, (*PROFILE, "nested.keras"), 0, ("/c1", "top")),
    model(46, "mixed", 0),
    model(47, "float16", 2, "float16"),
    model(47, "float64", 2, "float64"),
    model(48, "quantized", 2, "int8"),
    model(49, "unbuilt", 2),
    model(50, "spaced", 0),
    model(51, "unicode", 0),
    *(
        Row(
            52,
            ("create", "fix8", "--model", f"{name}.keras", "--out", f"made_{name}"),
            0,
        )
        for name in ("long", "device", "trailing", "unicode", "spaced")
    ),
    Row(54, (*PREDICT, "noise.png", "--model", "slashed.h5"), 2, ("'a/b'",), slashed),
    Row(52, ("create", "fix8", "--model", "dots.keras"), 2, ("'..'",)),
    Row(53, ("export", "paths.json", *GOOD, "--to", "out53", "--force"), 2, ("../../x",)),
    picture(57, "cmyk.jpg", image(NOISE, "CMYK"), 0, "CMYK"),
    picture(58, "deep.png", image(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257), 0),
    picture(59, "float.tiff", image(np.ones((8, 8), np.float32)), 2, "float.tiff"),
    picture(60, "turned.jpg", oriented, 0),
    *(picture(61, f"{mode}.png", image(NOISE, mode), 0, "white") for mode in ("RGBA", "LA")),
    *(picture(62, f"{mode}.png", image(NOISE, mode), 0) for mode in ("L", "1", "P")),
    *(picture(63, f"two.{kind}", animated, 0, "first") for kind in ("gif", "webp", "tiff")),
    picture(69, "dot.png", image(NOISE[:1, :1]), 0),
    picture(69, "line.png", image(np.zeros((20000, 1, 3), np.uint8)), 0),
    picture(70, "a picture é.txt", lambda p: Image.fromarray(NOISE).save(p, "PNG"), 0),
    Row(72, (*PREDICT, "twins"), 0, ("once",), twins),
    Row(73, (*PREDICT, "noise.png", "--labels", "few.txt"), 2, ("few.txt", "3", "2")),
    Row(73, (*PREDICT, "noise.png", "--truth", "what.txt"), 2, ("zebra",)),
    Row(74, (*SEARCH, "--budget", "2", "--schemes", "fix9"), 2, ("'fix9'", "'fix8'")),
    plan(75, 2, "2", "1", short_py="quanti_array = ['fix8']"),
    plan(75, 2, "2", "3", long_py="quanti_array = ['fix8', 'fix8', 'fix8']"),
    plan(75, 2, "2", "0", empty_py="quanti_array = []"),
    plan(75, 0, comma_py="quanti_array = ['fix8', 'fl16',]"),
    plan(75, 2, nan_py="quanti_array = [float('nan'), 'fix8']"),
    plan(75, 2, nan_json='["fix8", NaN]'),
    plan(75, 2, float_json='["fix8", 1.5]'),
    plan(75, 2, million_json=json.dumps(["fix8"] * 1_000_000)),
    plan(75, 2, deep_json="[" * 100_000),
    plan(75, 2, "not a plan", twice_json='{"layers": {"c1": "fix8", "c1": "fl16", "d1": "fix8"}}'),
    plan(75, 0, bom_py="\ufeffquanti_array = ['fix8',\r\n 'fl16']\r\n"),
    Row(76, ("export", "of_ten/plan.json", *GOOD, "--to", "out76"), 2, ("of_ten", "--force")),
    plan(77, 2, "bitwiseAnd_23", "22", masks_py="quanti_array = ['bitwiseAnd_23', 'fix8']"),
    plan(77, 2, "bitwiseAnd_-1", "22", minus_py="quanti_array = ['bitwiseAnd_-1', 'fix8']"),
    Row(78, (*SEARCH, "--budget", "-1"), 2, ("-1",)),
    Row(78, (*SEARCH, "--budget", "101"), 2, ("101",)),
    Row(78, (*SEARCH, "--budget", "0", "--out", "zero"), 0),
    Row(79, (*SEARCH, "--max-bytes", "3", "--out", "few"), 4, ("3 bytes", "nearest")),
    unpack("cut", lambda c: c[: len(c) - 7], "cut off"),
    unpack("flipped", lambda c: c[:-9] + bytes([c[-9] ^ 4]) + c[-8:], "checksum"),
    unpack("longer", lambda c: c + b"more", "4 bytes follow"),
    unpack("header", lambda c: c[:8] + b"\xff\xff\xff\xff" + c[12:], "header"),
    unpack(
        "later", lambda c: with_header(c, lambda header: header.update(version=9)), "version is 9"
    ),
    Row(80, ("unpack", "two.mpq", "--to", "no.keras", "--model", "ten.keras"), 2, ("two.mpq",)),
    Row(81, (*SEARCH, "--budget", "1", "--storage", "sqlite:///none/x.db"), 2, ("none",)),
    Row(81, (*SEARCH, "--budget", "1", "--storage", "oracle://u:secret@h/d"), 2, ("oracle",)),
    Row(81, (*SEARCH, "--budget", "1", "--storage", "sqlite:///few.txt"), 2, ("few.txt",)),
    Row(82, (*SEARCH, "--budget", "0", "--model", "ten.keras", "--out", "kept"), 2, ("model",)),
    Row(82, (*SEARCH, "--budget", "3", "--trials", "-1"), 2, ("-1",)),
    Row(83, (*SEARCH, "--budget", "3", "--out", "few.txt"), 3, ("few.txt",)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for name, make in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' of a model that is not built
            make().save(folder / f"{name}.keras")
    MODELS["good"]().save(folder / "good.h5")
    Image.fromarray(NOISE).save(folder / "noise.png")
    (folder / "twins").mkdir()
    (folder / "few.txt").write_text("cat\ndog\n")
    (folder / "what.txt").write_text("zebra\n")
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row{row.number} {' '.join(row.argv)[:70]}")
def test_it_is_taken_or_refused_in_one_line(
    folder: Path, row: Row, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    code = run(row.argv)
    out, err = capsys.readouterr()
    assert code == row.code, err
    for one in row.says:
        assert one in (err if code else out + err)
    if code == 4:  # done, but for the plan that was asked for
        assert "mpsearch: no feasible plan: " in err
    elif code:
        assert out == ""
        assert err.startswith("mpsearch: error: ")
        assert err.count("\n") == 1
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    else:
        assert "Traceback" not in err
        assert "mpsearch: error" not in err
