"""Pictures and preprocessing against what Keras itself does."""

import inspect
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mpsearch.model.backend import keras
from mpsearch.model.images import find_pictures, pixel_pieces
from mpsearch.model.preprocess import parse_preprocess, preprocess_of

pytestmark = pytest.mark.tf

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 7, 5, 3)).astype(np.float32)
# Differences of at most two units in the last place of inputs that go up to 2.7.
ROUNDING = 5e-7

#: Their default name holds width and input size.
COMPUTED_NAMES = {"MobileNet": "mobilenet_1.00_224", "MobileNetV2": "mobilenetv2_1.00_224"}

APPLICATIONS = sorted(
    name
    for name in dir(keras.applications)
    if inspect.isfunction(getattr(keras.applications, name))
)


def default_name(application: str) -> str:
    if application in COMPUTED_NAMES:
        return COMPUTED_NAMES[application]
    parameters = inspect.signature(getattr(keras.applications, application)).parameters
    name = parameters["name"].default
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_modes_are_those_of_imagenet_utils(mode: str) -> None:
    theirs = keras.applications.imagenet_utils.preprocess_input(
        PIXELS.copy(), data_format="channels_last", mode=mode
    )
    ours = parse_preprocess(mode)(PIXELS)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=0 if mode == "caffe" else ROUNDING)


def test_there_are_applications() -> None:
    assert len(APPLICATIONS) >= 38
    assert {"VGG19", "ResNet50", "MobileNetV2", "EfficientNetB0"} <= set(APPLICATIONS)


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_name_of_every_application_tells_its_preprocessing(application: str) -> None:
    module = sys.modules[getattr(keras.applications, application).__module__]
    theirs: Any = module.preprocess_input(PIXELS.copy(), data_format="channels_last")
    ours = preprocess_of(default_name(application), scales_itself=False)
    if ours is None:  # the network itself must be the one that scales
        np.testing.assert_array_equal(theirs, PIXELS)
        return
    tolerance = 0 if ours.name == "caffe" else ROUNDING
    np.testing.assert_allclose(ours(PIXELS), theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("application", "name"),
    [("MobileNet", "mobilenet_0.25_32"), ("MobileNetV2", "mobilenetv2_0.35_32")],
)
def test_computed_names_are_known(application: str, name: str) -> None:
    alpha = float(name.split("_")[1])
    model = getattr(keras.applications, application)(
        input_shape=(32, 32, 3), alpha=alpha, include_top=False, weights=None
    )
    assert model.name == name
    found = preprocess_of(model.name, scales_itself=False)
    assert found is not None
    assert found.name == "tf"


@pytest.mark.parametrize("target", [(227, 227), (17, 40), (1, 1), (48, 64), (96, 31)])
def test_squash_is_keras_own_loader(tmp_path: Path, target: tuple[int, int]) -> None:
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    loaded = keras.utils.load_img(path, target_size=target, interpolation="nearest")
    theirs = keras.utils.img_to_array(loaded)
    (ours,) = pixel_pieces(find_pictures([str(path)]), (*target, 3), "squash", [])
    np.testing.assert_array_equal(ours[0], theirs)
