"""What is said against a model before TensorFlow is loaded."""

import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

from mpsearch.model.source import BUNDLED_DIGITS, find_model
from mpsearch.values.errors import ModelError

CONFIG = b'{"class_name": "Functional", "config": {}}'


def keras_archive(
    members: dict[str, bytes] | None = None, compression: int = zipfile.ZIP_STORED
) -> bytes:
    """What a .keras file looks like from outside."""
    if members is None:
        members = {
            "metadata.json": b"{}",
            "config.json": CONFIG,
            "model.weights.h5": hdf5(with_architecture=False),
        }
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


def hdf5(with_architecture: bool = True) -> bytes:
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        if with_architecture:
            file.attrs["model_config"] = CONFIG
        file["model_weights/conv/kernel"] = np.arange(1000, dtype=np.float32)
    return memory.getvalue()


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


Make = Callable[[Path], object]


@dataclass(frozen=True)
class Refused:
    """A path that is no model, and what the message must say."""

    name: str
    make: Make
    says: str


def holds(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"\x08\x01")


REFUSED = [
    Refused("missing.keras", lambda _: None, "No such file"),
    Refused("no/folder/model.keras", lambda _: None, "No such file"),
    Refused("empty.keras", holds(b""), "empty file"),
    Refused("empty.h5", holds(b""), "empty file"),
    Refused("text.h5", holds(b"not a model\n"), "not an HDF5 file"),
    Refused("text.hdf5", holds(b"not a model\n"), "not an HDF5 file"),
    Refused("text.keras", holds(b"not a model\n"), "not a zip archive"),
    Refused("one.keras", holds(b"P"), "not a zip archive"),
    Refused("cut.keras", holds(keras_archive()[:-300]), "truncated"),
    Refused("start.keras", holds(keras_archive()[:8]), "truncated"),
    Refused("cut.h5", holds(hdf5()[:-300]), "truncated"),
    Refused("start.h5", holds(hdf5()[:8]), "truncated"),
    Refused("flipped.keras", holds(flipped(keras_archive(), 300)), "checksum"),
    Refused("weightless.keras", holds(keras_archive({"config.json": CONFIG})), "model.weights.h5"),
    Refused("shapeless.keras", holds(keras_archive({"model.weights.h5": b"x"})), "config.json"),
    Refused("photos.zip", holds(keras_archive({"cat.png": b"x"})), "not a Keras model"),
    Refused("hollow.keras", holds(keras_archive({})), "not a zip archive"),
    Refused("folder.keras", Path.mkdir, "is a directory"),
    Refused("net.weights.h5", holds(hdf5(with_architecture=False)), "weights only"),
    Refused("renamed.h5", holds(hdf5(with_architecture=False)), "weights only"),
    Refused("saved", saved_model, "a SavedModel folder"),
    Refused("net.tflite", holds(b"\x1c\0\0\0TFL3"), "LiteRT"),
    Refused("net.pb", holds(b"\x08\x01"), "frozen TensorFlow graph"),
    Refused("net.onnx", holds(b"\x08\x01"), "ONNX"),
    Refused("net.pt", holds(b"\x80\x02"), "PyTorch"),
    Refused("net.pth", holds(b"\x80\x02"), "PyTorch"),
    Refused("net.safetensors", holds(b"{}"), "safetensors"),
    Refused("dangling.keras", lambda path: path.symlink_to("nowhere"), "No such file"),
    Refused("loop.keras", lambda path: path.symlink_to(path), "loop.keras"),
    Refused("x" * 300 + ".keras", lambda _: None, "too long"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name[:20])
def test_what_is_no_model_is_refused(tmp_path: Path, case: Refused) -> None:
    path = tmp_path / case.name
    case.make(path)
    with pytest.raises(ModelError) as caught:
        find_model(str(path))
    said = str(caught.value)
    assert case.says in said
    assert repr(str(path)) in said
    assert "\n" not in said
    assert ";" in said  # what to do


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.timeout(10)
def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    with pytest.raises(ModelError, match="not a regular file"):
        find_model(str(tmp_path / "pipe.keras"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_a_device_is_refused() -> None:
    with pytest.raises(ModelError, match="not a regular file"):
        find_model("/dev/zero")


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/net.keras",
        "https://example.com/net.keras",
        "HTTPS://example.com/net.keras",
        "hf://someone/net",
        "gs://bucket/net.keras",
        "s3://bucket/net.keras",
        "file:///tmp/net.keras",
    ],
)
def test_addresses_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match="local file") as caught:
        find_model(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["bundled:cats", "bundled:", "bundled:digits "])
def test_other_bundled_models_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match=BUNDLED_DIGITS) as caught:
        find_model(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["", "a\0b"])
def test_texts_that_cannot_be_paths_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"give a|save the whole model"):
        find_model(text)


@dataclass(frozen=True)
class Taken:
    name: str
    content: bytes
    kind: str


TAKEN = [
    Taken("net.keras", keras_archive(), "keras"),
    Taken("net.KERAS", keras_archive(), "keras"),
    Taken("net", keras_archive(), "keras"),
    Taken("net.h5", keras_archive(), "keras"),
    Taken("net.zip", keras_archive(compression=zipfile.ZIP_DEFLATED), "keras"),
    Taken("Netz ü 猫.keras", keras_archive(), "keras"),
    Taken("net.hdf5", hdf5(), "h5"),
    Taken("net2", hdf5(), "h5"),
    Taken("other.keras", hdf5(), "h5"),
    # HDF5 keeps no checksums of weights; the study does.
    Taken("flipped.h5", flipped(hdf5(), len(hdf5()) - 100), "h5"),
]


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_the_content_tells_the_format(tmp_path: Path, case: Taken) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.content)
    source = find_model(str(path))
    assert (source.kind, source.path, source.text) == (case.kind, path, str(path))
    assert source.name == path.stem


def test_a_link_to_a_model_is_taken(tmp_path: Path) -> None:
    (tmp_path / "net.keras").write_bytes(keras_archive())
    (tmp_path / "link").symlink_to("net.keras")
    assert find_model(str(tmp_path / "link")).kind == "keras"


def test_applications_and_the_bundled_model_are_taken() -> None:
    source = find_model("keras:VGG19")
    assert (source.kind, source.path, source.name) == ("application", None, "vgg19")
    source = find_model(BUNDLED_DIGITS)
    assert (source.kind, source.name) == ("keras", "digits")
    assert source.path is not None
    assert find_model(str(source.path)).kind == "keras"


WITHOUT_TENSORFLOW = textwrap.dedent(
    """
    import sys
    from mpsearch.cli.main import run

    for model in sys.argv[1:]:
        print(run(["predict", "--model", model]))
    print(sorted({"tensorflow", "keras"} & set(sys.modules)))
    """
)


def test_a_bad_path_is_refused_before_tensorflow_is_loaded(tmp_path: Path) -> None:
    chosen = [
        c for c in REFUSED if c.name in {"missing.keras", "cut.keras", "cut.h5", "renamed.h5"}
    ]
    for case in chosen:
        case.make(tmp_path / case.name)
    paths = [str(tmp_path / case.name) for case in chosen]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *paths],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["2"] * 4 + ["[]"]
    assert len(done.stderr.splitlines()) == 4


def lambda_archive() -> bytes:
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "lam"}}
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [layer]}}
    members = {"config.json": json.dumps(config).encode()}
    return keras_archive({**members, "model.weights.h5": hdf5(with_architecture=False)})


def test_what_is_not_on_the_list_is_let_in_only_where_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    path.write_bytes(lambda_archive())
    with pytest.raises(ModelError, match="layer 'lam': type Lambda is not supported"):
        find_model(str(path))
    source = find_model(str(path), allow_unsafe=True)
    assert len(source.notes) == 1
    assert "layer 'lam': type Lambda" in source.notes[0]
    path.write_bytes(keras_archive())
    assert find_model(str(path), allow_unsafe=True).notes == ()


def test_a_damaged_file_is_refused_although_all_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    path.write_bytes(flipped(lambda_archive(), 300))
    with pytest.raises(ModelError, match="checksum"):
        find_model(str(path), allow_unsafe=True)
