"""Files of old versions of Keras: loaded, they say what TensorFlow 2.15's Keras says of them."""

import hashlib
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from keras2_files import answers, images, unpack

import mpsearch
from mpsearch.model.inspection.file import inspect_file
from mpsearch.model.load import load_keras_model
from mpsearch.model.rebuilt import rebuilt
from mpsearch.model.source import find_model
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

REFUSED = {"two_outputs", "locally_connected"}
READ = sorted(name for name in answers() if Path(name).stem not in REFUSED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("keras2"))


def load(path: Path) -> Any:
    """As the command does, without a process of its own for each."""
    verdict = inspect_file(path)
    assert (verdict.reason, verdict.foreign) == ("", ())
    return rebuilt(verdict.description, path, verdict.layout)


@pytest.mark.parametrize("name", READ)
def test_answers(folder: Path, name: str) -> None:
    model = load(folder / name)
    scores = np.asarray(model(images(model.input_shape[1:]), training=False))
    np.testing.assert_allclose(scores, answers()[name], rtol=0, atol=3e-6)
    assert digests(model.weights) == digests(stored(folder / name))


def digests(arrays: Any) -> Counter[str]:
    """Every array by its bytes, in any order."""
    return Counter(hashlib.sha256(np.asarray(one).tobytes()).hexdigest() for one in arrays)


def stored(path: Path) -> list[Any]:
    """The arrays of weights in a file."""
    found: list[Any] = []

    def visit(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset) and not name.startswith(("optimizer", "metrics")):
            found.append(one[()])

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            content: Any = io.BytesIO(archive.read("model.weights.h5"))
    else:
        content = path
    with h5py.File(content) as file:
        (file.get("model_weights", file)).visititems(visit)
    return found


def test_all_formats_and_versions_are_there() -> None:
    writers = {name.partition("/")[0] for name in READ}
    assert {"tf-2.15", "tf-keras-2.17", "tf-2.13", "tf-2.4", "tf-1.15", "keras-2.2.4"} <= writers
    assert {Path(name).suffix for name in READ if name.startswith("tf-2.15/")} == {".h5", ".keras"}


def test_a_layer_that_keras_3_does_not_have(folder: Path) -> None:
    with pytest.raises(ModelError) as caught:
        find_model(str(folder / "tf-2.15" / "locally_connected.h5"))
    message = str(caught.value)
    assert (
        "was written by Keras 2.15.0 and cannot be loaded: layer 'locally_connected2d'" in message
    )
    assert "allow_unsafe_model" not in message


def test_several_outputs(folder: Path) -> None:
    with pytest.raises(ModelError, match="has 2 outputs; mpsearch measures classifiers"):
        load_keras_model(find_model(str(folder / "tf-2.15" / "two_outputs.h5")))


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_file_of_any_name(folder: Path, tmp_path: Path, ending: str) -> None:
    name = f"tf-2.15/depthwise.{ending}"
    path = tmp_path / "model.bin"
    path.write_bytes((folder / name).read_bytes())
    source = find_model(str(path))
    assert source.version == "2.15.0"
    model = load_keras_model(source)
    scores = np.asarray(model(images(model.input_shape[1:]), training=False))
    np.testing.assert_allclose(scores, answers()[name], rtol=0, atol=3e-6)


def test_what_is_exported_is_a_model_of_keras_3(folder: Path, tmp_path: Path) -> None:
    """Rewritten models are of standard layers alone: Keras loads them by itself."""
    from mpsearch.model.backend import keras

    for name in ("tf-2.15/calculated.h5", "tf-2.15/hard_sigmoid.h5", "tf-2.15/slashes.h5"):
        load(folder / name).save(tmp_path / "again.keras")
        model = keras.saving.load_model(tmp_path / "again.keras", safe_mode=True)
        scores = np.asarray(model(images(model.input_shape[1:]), training=False))
        np.testing.assert_allclose(scores, answers()[name], rtol=0, atol=3e-6)


@pytest.mark.parametrize(
    "name",
    [
        "tf-2.15/nested_sequential.h5",
        "tf-2.15/recurrent_by_hand.keras",
        "tf-2.15/calculated.h5",
        "tf-2.15/hard_sigmoid.h5",
        "tf-2.15/augmented.keras",
        "keras-2.2.4/separable.h5",
    ],
)
def test_the_engine_says_the_same(folder: Path, tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "x.npz", x=np.rint(images((8, 8, 3)) * 255).astype(np.uint8))
    bench = mpsearch.load(str(folder / name), tmp_path / "x.npz", preprocess="unit")
    np.testing.assert_allclose(bench.engine.baseline_probabilities, answers()[name], atol=1e-5)


def weights_only(folder: Path, name: str, architecture: str) -> Any:
    here = folder / "tf-2.15"
    return load_keras_model(find_model(str(here / name), architecture=str(here / architecture)))


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("input_layer.weights_only.h5", "input_layer.json"),
        ("input_layer.weights_only.h5", "input_layer.h5"),
        ("input_layer.weights_only.h5", "input_layer.keras"),
        ("input_layer.weights.h5", "input_layer.json"),
        ("nested_sequential.weights_only.h5", "nested_sequential.json"),
    ],
)
def test_weights_alone(folder: Path, name: str, architecture: str) -> None:
    with pytest.raises(ModelError, match=r"holds weights only, .*; give .* `architecture` = FILE"):
        find_model(str(folder / "tf-2.15" / name))
    model = weights_only(folder, name, architecture)
    expected = answers()[f"tf-2.15/{name.partition('.')[0]}.h5"]
    scores = np.asarray(model(images(model.input_shape[1:]), training=False))
    np.testing.assert_allclose(scores, expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("architecture", ["json", "keras", "h5"])
def test_weights_of_keras_3(tmp_path: Path, architecture: str) -> None:
    from mpsearch.model.backend import keras

    layers = keras.layers
    first = [keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.BatchNormalization()]
    model = keras.Sequential([*first, layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.save_weights(tmp_path / "net.weights.h5")
    beside = tmp_path / f"net.{architecture}"
    if architecture == "json":
        beside.write_text(model.to_json())
    else:
        model.save(beside)
    source = find_model(str(tmp_path / "net.weights.h5"), architecture=str(beside))
    assert digests(load_keras_model(source).weights) == digests(model.weights)


@pytest.mark.parametrize(
    ("name", "architecture", "says"),
    [
        ("depthwise.h5", "input_layer.json", "holds its architecture itself; leave `architecture`"),
        ("depthwise.keras", "input_layer.json", "holds its architecture itself"),
        (
            "input_layer.weights_only.h5",
            "nothing.json",
            "No such file or directory; give the .json",
        ),
        ("input_layer.weights_only.h5", "input_layer.weights.h5", "is a file of weights too"),
        ("input_layer.weights_only.h5", "nested_sequential.json", "may describe another network"),
        ("input_layer.weights.h5", "nested_sequential.json", "may describe another network"),
    ],
)
def test_other_architectures(folder: Path, name: str, architecture: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        weights_only(folder, name, architecture)


def test_an_architecture_is_a_stranger_too(folder: Path, tmp_path: Path) -> None:
    here = folder / "tf-2.15"
    config = json.loads((here / "input_layer.json").read_text())
    code = {"class_name": "Lambda", "config": {"name": "lam", "function": ["4wEAAA", None, None]}}
    config["config"]["layers"].append(code)
    (tmp_path / "net.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="layer 'lam': type Lambda is not supported") as caught:
        find_model(
            str(here / "input_layer.weights_only.h5"), architecture=str(tmp_path / "net.json")
        )
    assert "allow_unsafe_model" not in str(caught.value)


@pytest.mark.parametrize("text", ["bundled:digits", "keras:MobileNet"])
def test_models_with_an_architecture_need_none(text: str) -> None:
    with pytest.raises(ModelError, match="leave `architecture` away"):
        find_model(text, architecture="net.json")
