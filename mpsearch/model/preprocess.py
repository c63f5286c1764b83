"""Convert pixels 0..255 to what the network expects."""

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SettingError

MODES: Final = ("caffe", "tf", "torch", "unit", "raw")

# Means and deviations of ImageNet, as keras.applications.imagenet_utils uses them.
_CAFFE_MEAN_BGR: Final = np.array([103.939, 116.779, 123.68], dtype=np.float32)
_TORCH_MEAN: Final = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_TORCH_DEVIATION: Final = np.array([0.229, 0.224, 0.225], dtype=np.float32)

# Names that keras.applications gives its models, and the preprocessing each was trained with.
_APPLICATIONS: Final = (
    (re.compile(r"vgg(16|19)|resnet(50|101|152)"), "caffe"),
    (
        re.compile(
            r"resnet(50|101|152)v2|inception_v3|inception_resnet_v2|xception|"
            r"mobilenet_[0-9.]+_[0-9]+|mobilenetv2_[0-9.]+_[0-9]+|nasnet_(mobile|large)"
        ),
        "tf",
    ),
    (re.compile(r"densenet(121|169|201)"), "torch"),
)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """A fixed map from RGB or gray pixels to inputs.

    Attributes:
        name: ``caffe`` (BGR, mean taken off), ``tf`` (−1..1), ``torch`` (0..1, normalised),
            ``unit`` (0..1), ``raw`` (0..255) or ``SCALE,OFFSET``.
        scale: Factor in x·scale + offset; unused by ``caffe`` and ``torch``.
        offset: See *scale*.
    """

    name: str
    scale: float = 1.0
    offset: float = 0.0

    def __call__(self, pixels: Float32Array) -> Float32Array:
        """Map pixels of shape (n, h, w, c), 0..255, to inputs of the same shape.

        Raises:
            SettingError: If the mode needs three channels and there are not three.
        """
        if self.name in {"caffe", "torch"} and pixels.shape[-1] != 3:
            raise SettingError(
                f"preprocess {self.name!r} is for colour images, the model takes "
                f"{pixels.shape[-1]} channel(s); use unit, tf, raw or SCALE,OFFSET"
            )
        if self.name == "caffe":
            return pixels[..., ::-1] - _CAFFE_MEAN_BGR
        if self.name == "torch":
            return (pixels / np.float32(255) - _TORCH_MEAN) / _TORCH_DEVIATION
        return pixels * np.float32(self.scale) + np.float32(self.offset)


_KNOWN: Final = {
    "caffe": Preprocess("caffe"),
    "torch": Preprocess("torch"),
    "tf": Preprocess("tf", 1 / 127.5, -1.0),
    "unit": Preprocess("unit", 1 / 255),
    "raw": Preprocess("raw"),
}


def parse_preprocess(text: str) -> Preprocess:
    """Parse the setting ``preprocess``.

    Raises:
        SettingError: If it is neither a mode nor two finite numbers.
    """
    if text in _KNOWN:
        return _KNOWN[text]
    parts = text.split(",")
    try:
        scale, offset = (float(part) for part in parts)
    except ValueError:
        scale = offset = math.nan
    # In float32, as they will be used.
    smallest, largest = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
    if not (smallest <= abs(scale) <= largest and abs(offset) <= largest):
        raise SettingError(
            f"preprocess {text!r} is not known; use {', '.join(MODES)} or SCALE,OFFSET "
            "(x·SCALE + OFFSET), for instance 0.0078125,-1"
        )
    return Preprocess(text, scale, offset)


def preprocess_of(model_name: str, scales_itself: bool) -> Preprocess | None:
    """The preprocessing a model's own name or first layer tells, or None.

    Args:
        model_name: ``model.name``, as Keras keeps it in the file.
        scales_itself: Whether the network begins with a Rescaling or Normalization layer.
    """
    if scales_itself:
        return _KNOWN["raw"]
    for pattern, mode in _APPLICATIONS:
        if pattern.fullmatch(model_name.lower()):
            return _KNOWN[mode]
    return None
