"""Models get memory for what is stored, and for nothing that is only declared."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from zoo import ZOO, make

from mpsearch.memory.freed_memory import resident_nbytes
from mpsearch.model.backend import keras
from mpsearch.model.load_error import cause_of
from mpsearch.model.settings import require_sound_settings
from mpsearch.model.source import ModelSource
from mpsearch.model.stored_variables import with_stored_values
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

layers = keras.layers
Edit = Callable[[dict[str, Any]], object]


def loaded(path: Path) -> Any:
    return with_stored_values("m", lambda: keras.saving.load_model(path, compile=False))


def state(model: Any) -> list[Any]:
    return [np.asarray(variable) for variable in model.weights]


# Keras saves operations to .h5 and cannot load them itself.
FILES = [(name, end) for name in ZOO for end in ("keras", "h5") if (name, end) != ("binary", "h5")]


@pytest.mark.parametrize(("name", "ending"), FILES)
def test_weights_are_those_that_keras_loads(tmp_path: Path, name: str, ending: str) -> None:
    path = tmp_path / f"net.{ending}"
    saved = make(name)
    saved.save(path)
    require_sound_settings(ModelSource("m", path.suffix[1:], path, "m"), path)  # type: ignore[arg-type]
    model = loaded(path)
    for ours, theirs in zip(state(model), state(saved), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.get_config()["layers"] == keras.saving.load_model(path).get_config()["layers"]


def rich() -> Any:
    """Layers that make variables in ways of their own."""
    x = image = keras.Input((8, 8, 3))
    x = layers.Normalization(name="adapted")(x)
    x = layers.SpectralNormalization(layers.Conv2D(4, 3, name="inner"), name="spectral")(x)
    x = layers.BatchNormalization(scale=False)(layers.SeparableConv2D(4, 3)(x))
    x = layers.GroupNormalization(2)(layers.BatchNormalization(center=False)(x))
    x = layers.TimeDistributed(layers.Dense(3, name="each"))(x)
    x = layers.Reshape((16, 3))(x)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True, dropout=0.1))(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    x = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)]))(x)
    model = keras.Model(image, layers.Dense(3)(layers.Dropout(0.2, seed=3)(x)), name="rich")
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1, variable.shape).astype(variable.dtype))
    model.get_layer("adapted").finalize_state()
    return model


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_answers_are_those_of_the_saved_model(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"net.{ending}"
    saved = rich()
    saved.save(path)
    model = loaded(path)
    x = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x, training=False), saved(x, training=False))
    assert all(variable.value is not None for variable in model.variables)
    model.get_layer("adapted").adapt(x)  # variables are Keras' own, and take values
    assert not np.array_equal(model.weights[0], saved.weights[0])


def quantized() -> Any:
    model = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(3)])
    model.layers[-1].quantize("int8")
    return model


def test_quantized_weights_are_taken(tmp_path: Path) -> None:
    saved = quantized()
    saved.save(tmp_path / "net.keras")
    for ours, theirs in zip(state(loaded(tmp_path / "net.keras")), state(saved), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def changed(path: Path, edit: Edit) -> Path:
    """The file with another description."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            edit(config)
            file.attrs["model_config"] = json.dumps(config)
        return path
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    edit(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def plain(path: Path) -> Path:
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(8), layers.Dense(3, name="a")]
    )
    model.save(path)
    return path


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_what_is_declared_must_be_stored(tmp_path: Path, ending: str) -> None:
    def more(config: dict[str, Any]) -> None:
        config["config"]["layers"][3]["config"]["units"] = 2**24

    path = changed(plain(tmp_path / f"net.{ending}"), more)
    before = resident_nbytes()
    with pytest.raises(
        ModelError, match=r"'a'|/a'.*not in the file \(kernel of shape \(8, 16777216"
    ):
        loaded(path)
    assert resident_nbytes() - before < 2**28  # half a gigabyte is declared


def test_a_layer_without_weights_in_the_file_is_named(tmp_path: Path) -> None:
    path = plain(tmp_path / "net.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "w.h5").write_bytes(members["model.weights.h5"])
    with h5py.File(tmp_path / "w.h5", "r+") as file:
        del file["layers/dense_1"]
    members["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match=r"layer '.*a': its weights are not in the file"):
        loaded(path)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A load that fails leaves no variables that the next one to be made would fill."""
    path = changed(
        plain(tmp_path / "net.keras"),
        lambda config: config["config"]["layers"][3]["config"].update(units=2**24),
    )
    with pytest.raises(ModelError):
        loaded(path)
    before = resident_nbytes()
    with keras.StatelessScope():
        made = layers.Dense(2)
        made.build((None, 3))
    assert made.kernel.numpy().shape == (3, 2)
    assert resident_nbytes() - before < 2**28


def test_other_errors_pass(tmp_path: Path) -> None:
    path = changed(
        plain(tmp_path / "net.keras"),
        lambda config: config["config"]["layers"][3]["config"].update(units=-1),
    )
    with pytest.raises(TypeError, match="units") as caught:
        loaded(path)
    assert cause_of(caught.value).startswith("layer 'a': Received an invalid value for `units`")
