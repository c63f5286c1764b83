"""Pixels to inputs, and the names that tell how."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.model.preprocess import MODES, parse_preprocess, preprocess_of
from mpsearch.values.errors import SettingError

PIXELS = np.array([0, 255, 128, 51, 102, 204], np.float32).reshape(1, 1, 2, 3)


def mapped(text: str) -> list[float]:
    result = parse_preprocess(text)(PIXELS)
    assert result.dtype == np.float32
    assert result.shape == PIXELS.shape
    return [float(number) for number in result.ravel()]


def test_raw_leaves_pixels_alone() -> None:
    assert mapped("raw") == [0, 255, 128, 51, 102, 204]


def test_unit_maps_to_zero_to_one() -> None:
    assert mapped("unit") == pytest.approx([0, 1, 128 / 255, 0.2, 0.4, 0.8], abs=1e-7)


def test_tf_maps_to_minus_one_to_one() -> None:
    expected = [-1, 1, 128 / 127.5 - 1, -0.6, -0.2, 0.6]
    assert mapped("tf") == pytest.approx(expected, abs=1e-6)


def test_caffe_turns_to_bgr_and_takes_the_mean_off() -> None:
    expected = [128 - 103.939, 255 - 116.779, 0 - 123.68, 204 - 103.939, 102 - 116.779, 51 - 123.68]
    assert mapped("caffe") == pytest.approx(expected, abs=1e-4)


def test_torch_normalises_each_channel() -> None:
    expected = [
        (pixel / 255 - mean) / deviation
        for pixel, mean, deviation in zip(
            [0, 255, 128, 51, 102, 204],
            [0.485, 0.456, 0.406] * 2,
            [0.229, 0.224, 0.225] * 2,
            strict=True,
        )
    ]
    assert mapped("torch") == pytest.approx(expected, abs=1e-5)


@given(
    scale=st.floats(-100, 100, width=32).filter(lambda number: abs(number) > 1e-6),
    offset=st.floats(-1000, 1000, width=32),
)
def test_scale_and_offset(scale: float, offset: float) -> None:
    found = parse_preprocess(f"{scale!r},{offset!r}")(PIXELS)
    np.testing.assert_allclose(found, PIXELS * scale + offset, rtol=1e-5, atol=1e-3)


def test_pixels_given_are_not_changed() -> None:
    before = PIXELS.copy()
    for mode in MODES:
        parse_preprocess(mode)(PIXELS)
    np.testing.assert_array_equal(PIXELS, before)


@pytest.mark.parametrize("mode", ["caffe", "torch"])
def test_colour_modes_refuse_gray(mode: str) -> None:
    with pytest.raises(SettingError, match=mode):
        parse_preprocess(mode)(PIXELS[..., :1])


@pytest.mark.parametrize("mode", ["tf", "unit", "raw", "2,1"])
def test_other_modes_take_gray(mode: str) -> None:
    assert parse_preprocess(mode)(PIXELS[..., :1]).shape == (1, 1, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imagenet",
        "Caffe",
        "1",
        "1,",
        ",",
        "1,2,3",
        "a,b",
        "nan,0",
        "1,nan",
        "inf,0",
        "1,-inf",
        "0,1",
        "1e400,0",
        "1e300,0",  # infinite as float32
        "1e-60,0",  # zero as float32
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_preprocess(text)
    assert repr(text) in str(caught.value)
    assert all(mode in str(caught.value) for mode in (*MODES, "SCALE,OFFSET"))


NAMES = {
    "vgg16": "caffe",
    "VGG19": "caffe",
    "resnet50": "caffe",
    "resnet152": "caffe",
    "resnet101v2": "tf",
    "inception_v3": "tf",
    "mobilenet_1.00_224": "tf",
    "mobilenetv2_0.35_96": "tf",
    "nasnet_mobile": "tf",
    "densenet201": "torch",
}


@pytest.mark.parametrize(("name", "mode"), NAMES.items())
def test_names_of_applications_tell_the_mode(name: str, mode: str) -> None:
    found = preprocess_of(name, scales_itself=False)
    assert found is not None
    assert found.name == mode


@pytest.mark.parametrize(
    "name", ["", "model", "my_vgg16", "vgg16_finetuned", "resnet18", "vgg", "sequential", "vgg16\n"]
)
def test_other_names_tell_nothing(name: str) -> None:
    assert preprocess_of(name, scales_itself=False) is None


@pytest.mark.parametrize("name", ["vgg16", "model"])
def test_a_network_that_scales_itself_takes_raw_pixels(name: str) -> None:
    found = preprocess_of(name, scales_itself=True)
    assert found is not None
    assert found.name == "raw"
