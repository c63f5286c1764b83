"""Write the golden files of tests/golden/keras2: models by old Keras, and their answers.

    uv run python scripts/golden_keras2.py [--environments FOLDER] [--foreign FOLDER]

Sets up one environment per version of TensorFlow and Keras with uv, has each write small models
(scripts/keras2/make_models.py), and asks TensorFlow 2.15's own Keras for their answers. Versions
whose Python uv does not find are left out, with a note. With ``--foreign`` it asks for the answers
to other people's models as well, which are not committed. Takes about twenty minutes and 6 GB.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden" / "keras2"
JUDGE = "tf-2.15"
OF_BYTES = ("leaf_nested_rescaling.h5",)  # it holds a Rescaling; the others take 0 to 1


@dataclass(frozen=True)
class Writer:
    """A Keras that writes models.

    Attributes:
        name: Of its folder.
        python: The Python it needs.
        packages: What is installed.
        keras: How it is imported.
        endings: Formats that it writes.
        only: Names of the models; all where there are none.
    """

    name: str
    python: str
    packages: tuple[str, ...]
    keras: str
    endings: tuple[str, ...] = ("h5",)
    only: tuple[str, ...] = ()


_SOME = (
    *("first_layer_has_shape", "nested_sequential", "nested_half_frozen", "sequential_twice"),
    *("separable", "recurrent", "adapted", "slashes", "bends", "depthwise", "augmented"),
)
WRITERS = (
    Writer(JUDGE, "3.11", ("tensorflow-cpu==2.15.*",), "tf.keras", ("h5", "keras")),
    Writer(
        "tf-keras-2.17",
        "3.11",
        ("tensorflow-cpu==2.17.*", "tf-keras==2.17.*"),
        "tf_keras",
        ("keras",),
        _SOME,
    ),
    Writer("tf-2.13", "3.11", ("tensorflow-cpu==2.13.*",), "tf.keras", ("keras",), _SOME),
    Writer(
        "tf-2.4",
        "3.8",
        ("tensorflow-cpu==2.4.*",),
        "tf.keras",
        only=(*_SOME, "prepared_as_tf", "prepared_as_caffe", "nested_frozen", "transposed"),
    ),
    Writer(
        "tf-1.15",
        "3.7",
        ("tensorflow==1.15.*", "h5py<3", "protobuf<3.21"),
        "tf.keras",
        only=(*_SOME, "initialized", "hard_sigmoid", "prepared_as_tf", "prepared_as_caffe"),
    ),
    Writer(
        "keras-2.2.4",
        "3.7",
        ("tensorflow==1.15.*", "keras==2.2.4", "h5py<3", "protobuf<3.21"),
        "keras",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", type=Path, help="where they are kept (default: nowhere)")
    parser.add_argument("--foreign", type=Path, help="a folder of other models to ask about")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        kept = options.environments or Path(scratch) / "environments"
        models = Path(scratch) / "models"
        write_models(kept, models)
        answers = dict(sorted(answered(kept, models)))
        GOLDEN.mkdir(exist_ok=True)
        pack(models, GOLDEN / "models.tar.xz")
        (GOLDEN / "answers.json").write_text(lines(answers))
        if options.foreign:
            foreign = dict(best_three(ask(kept, options.foreign)))
            (GOLDEN / "foreign.json").write_text(lines(foreign))


def write_models(kept: Path, models: Path) -> None:
    for writer in WRITERS:
        python = environment(kept, writer)
        if python is None:
            print(f"{writer.name}: uv finds no Python {writer.python}; left out", file=sys.stderr)
            continue
        for ending in writer.endings:
            words = (HERE / "keras2" / "make_models.py", writer.keras, models / writer.name, ending)
            run(python, *words, *writer.only)


def environment(kept: Path, writer: Writer) -> Path | None:
    """The Python of a writer's environment, which is made where there is none."""
    python = kept / writer.name / "bin" / "python"
    if python.exists():
        return python
    made = subprocess.run(["uv", "venv", "-q", "-p", writer.python, python.parents[1]], check=False)
    if made.returncode:
        return None
    subprocess.run(["uv", "pip", "install", "-q", "--python", python, *writer.packages], check=True)
    return python


def run(python: Path, *words: object) -> None:
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    subprocess.run([python, *map(str, words)], env={**os.environ, **quiet}, check=True)


def answered(kept: Path, models: Path) -> Iterator[tuple[str, Any]]:
    """Scores by TensorFlow 2.15; by who wrote a file where that one cannot read it."""
    found = ask(kept, models)
    for said in sorted(models.glob("*/answers.*.json")):
        for name, own in json.loads(said.read_text()).items():
            full = f"{said.parent.name}/{name}"
            yield full, found.get(full, own)
        said.unlink()


def ask(kept: Path, folder: Path) -> dict[str, Any]:
    judge = environment(kept, WRITERS[0])
    assert judge is not None
    with tempfile.TemporaryDirectory() as scratch:
        to = Path(scratch) / "answers.json"
        run(judge, HERE / "keras2" / "answer_models.py", folder, to, *OF_BYTES)
        found: dict[str, Any] = json.loads(to.read_text())
    return found


def best_three(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The three most probable classes of each image, with their probabilities."""
    for name, rows in found.items():
        if rows and not isinstance(rows[0][0], list):
            best = [sorted(range(len(row)), key=row.__getitem__)[:-4:-1] for row in rows]
            yield name, [[[i, row[i]] for i in top] for top, row in zip(best, rows, strict=True)]


def pack(models: Path, to: Path) -> None:
    """One archive: what the files have in common is most of them."""
    with tarfile.open(to, "w:xz", preset=9) as archive:
        for file in sorted(models.rglob("*.*")):
            if file.is_file():
                archive.add(file, str(file.relative_to(models)), filter=anonymous)


def anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def lines(answers: dict[str, Any]) -> str:
    """JSON with one entry a line; eight digits are more than float32 has."""
    rows = (f"{json.dumps(name)}: {json.dumps(rounded(one))}" for name, one in answers.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
