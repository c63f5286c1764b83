"""Models that nobody should refuse."""

import importlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from zoo import SEQUENCES, ZOO, make

from mpsearch.model.backend import keras
from mpsearch.model.inspection.allowed import ACTIVATIONS, BY_MODULE
from mpsearch.model.inspection.file import inspect_file
from mpsearch.model.inspection.verdict import Verdict
from mpsearch.model.load import load_keras_model
from mpsearch.model.source import find_model

pytestmark = pytest.mark.tf

layers = keras.layers
HONEST = Verdict()
FAMILIES = {  # one small member of each, and the smallest images it takes
    "VGG16": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "MobileNetV3Large": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32,
    "InceptionV3": 75,
    "InceptionResNetV2": 75,
    "Xception": 71,
    "NASNetMobile": 224,
}


# Keras does not bring its attention back from HDF5.
NOT_IN_HDF5 = {"attention"}


def of_file(model: Any, path: Path) -> Verdict:
    model.save(path)
    return inspect_file(path)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", [*ZOO, *sorted(set(SEQUENCES) - NOT_IN_HDF5)])
def test_the_zoo(tmp_path: Path, name: str, ending: str) -> None:
    assert of_file(make(name), tmp_path / f"net.{ending}") == HONEST


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name if name == "MobileNetV3Small" else pytest.param(name, marks=pytest.mark.long)
        for name in FAMILIES
    ],
)
def test_applications(tmp_path: Path, name: str) -> None:
    side = FAMILIES[name]
    build = getattr(keras.applications, name)
    # Few classes make its head the only small layer, as in what people train on top of it.
    model = build(weights=None, classes=5, input_shape=(side, side, 3))
    assert of_file(model, tmp_path / "net.keras") == HONEST
    (tmp_path / "net.keras").unlink()
    assert of_file(model, tmp_path / "net.h5") == HONEST


def image(channels: int = 3) -> Any:
    return keras.Input((8, 8, channels))


def chain(*steps: Any) -> Any:
    x = source = image()
    for step in steps:
        x = step(x)
    x = layers.Flatten()(x)
    return keras.Model(source, layers.Dense(3, activation="softmax")(x), name="net")


def trained() -> Any:
    """A compiled model that has seen a batch, and so has an optimizer with slots."""
    model = chain(layers.Conv2D(4, 3))
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(1e-3, 100)),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)],
    )
    model.fit(np.zeros((4, 8, 8, 3)), np.zeros(4), verbose=0)
    return model


def within() -> Any:
    inner = chain(layers.Conv2D(4, 3))
    inner.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="categorical_crossentropy")
    x = source = image()
    return keras.Model(source, layers.Dense(2)(inner(x)), name="net")


def twice() -> Any:
    shared = layers.Conv2D(3, 3, padding="same")
    return chain(shared, shared)


def sequence() -> Any:
    return chain(
        layers.Reshape((8, 24)),
        layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        layers.GRU(5, return_sequences=True),
        lambda x: layers.MultiHeadAttention(2, 3)(x, x),
        layers.LayerNormalization(),
    )


def operations() -> Any:
    """Calculations written without layers."""

    def calculated(x: Any) -> Any:
        x = keras.ops.relu(x) * 0.5 + keras.ops.clip(x, 0, 6) / 6.0
        mean = keras.ops.mean(x[:, 1:, ::2, :1], axis=(1, 2), keepdims=True)
        return keras.ops.concatenate([x - mean, keras.ops.sqrt(keras.ops.abs(x))], axis=-1)

    return chain(layers.Conv2D(4, 3), calculated, layers.Conv2D(2, 1))


def decorated() -> Any:
    return chain(
        layers.Conv2D(
            4,
            3,
            kernel_initializer=keras.initializers.HeNormal(seed=2**40),
            kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-4),
            kernel_constraint=keras.constraints.MaxNorm(2),
            activity_regularizer="l2",
            activation=layers.LeakyReLU(0.2),
        ),
        layers.PReLU(shared_axes=[1, 2]),
        layers.SpatialDropout2D(0.1),
        layers.GroupNormalization(2),
        layers.UpSampling2D(2),
        layers.Resizing(12, 12),
        layers.RandomRotation(0.1),
    )


def normalized() -> Any:
    normal = layers.Normalization(mean=[1.0, 2, 3], variance=[1, 1, 4])
    return chain(normal, layers.Rescaling([1.0, 2.0, 3.0], [0, 1, 2]), layers.Conv2D(4, 3))


def quantized() -> Any:
    model = chain(layers.Conv2D(4, 3))
    model.layers[-1].quantize("int8")
    return model


def volume() -> Any:
    return chain(layers.Reshape((8, 8, 3, 1)), layers.Conv3D(2, 2), layers.Conv3DTranspose(2, 2))


MODELS: dict[str, Callable[[], Any]] = {
    build.__name__: build
    for build in (trained, within, twice, sequence, operations, decorated, normalized, volume)
}


# Keras saves these and cannot load them itself.
LOST = {("within", "keras"), ("operations", "h5")}


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
def test_other_models(tmp_path: Path, name: str, ending: str) -> None:
    path = tmp_path / f"net.{ending}"
    assert of_file(MODELS[name](), path) == HONEST
    if (name, ending) not in LOST:
        load_keras_model(find_model(str(path)))


def test_quantized_models(tmp_path: Path) -> None:
    assert of_file(quantized(), tmp_path / "net.keras") == HONEST


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "bfloat16", "float64"])
def test_data_types(tmp_path: Path, policy: str) -> None:
    model = chain(layers.Conv2D(4, 3, dtype=policy), layers.Activation("relu", dtype="float32"))
    assert of_file(model, tmp_path / "net.keras") == HONEST


def test_activations_by_name(tmp_path: Path) -> None:
    model = chain(
        *(layers.Activation(name) for name in sorted(ACTIVATIONS - {"glu"})),
        layers.Activation(keras.activations.relu6),
        layers.Activation(keras.ops.silu),
        layers.Conv2D(2, 1, activation="swish"),
    )
    for ending in ("keras", "h5"):
        assert of_file(model, tmp_path / f"net.{ending}") == HONEST


def test_compressed_files(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "net.keras")
    with (
        zipfile.ZipFile(tmp_path / "net.keras") as source,
        zipfile.ZipFile(tmp_path / "small.keras", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert inspect_file(tmp_path / "small.keras") == HONEST


def test_the_list_names_only_what_keras_has() -> None:
    missing = []
    for module, names in BY_MODULE.items():
        found = importlib.import_module(module)
        missing += [f"{module}.{name}" for name in names if not hasattr(found, name)]
    # Keras writes these under other modules as well.
    assert set(missing) <= {"keras.Functional", "keras.models.Functional"}


def test_the_training_settings_at_the_top_are_not_read(tmp_path: Path) -> None:
    """Keras drops them for a model that is loaded uncompiled, so they may say anything."""
    path = tmp_path / "net.keras"
    trained().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["compile_config"]["loss"] = {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    }
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert inspect_file(path) == HONEST
    assert not load_keras_model(find_model(str(path))).compiled


DATA = Path(os.environ.get("MPSEARCH_REAL_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.real
@pytest.mark.skipif(
    not (DATA / "models").is_dir(), reason=f"no real models in {DATA}; set MPSEARCH_REAL_DATA"
)
def test_real_models() -> None:
    files = sorted(path for path in (DATA / "models").iterdir() if path.suffix in {".keras", ".h5"})
    assert files
    verdicts = {path.name: inspect_file(path) for path in files}
    assert [name for name, one in verdicts.items() if one.reason or one.foreign] == []
