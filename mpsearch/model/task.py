"""What a network does that is no classifier of images, in words for a message."""

from functools import cache
from typing import Any, Final

from mpsearch.model.backend import keras

_LONGEST_IMAGE: Final = 4  # one side over the other


@cache
def _over_time() -> tuple[Any, ...]:
    return (
        keras.layers.Conv1D,
        keras.layers.RNN,
        keras.layers.Bidirectional,
        keras.layers.SeparableConv1D,
    )


def of_output(shape: tuple[int | None, ...]) -> str:
    """What outputs values of a shape that is no row of scores, as "… (an autoencoder)"."""
    if len(shape) == 4:
        return "it outputs images, as an autoencoder or a network for segmentation does"
    if len(shape) == 3:
        return "it outputs sequences"
    return "it outputs no scores"


def takes_sequences(model: Any) -> bool:
    """Whether a network of inputs (batch, steps, numbers) goes through steps, as of sound or text.

    A gray image without a channel axis has as many axes; its network makes an image of it, takes
    all its pixels at once, or goes through its rows. Of the last kind only what is longer than any
    photograph is taken for a sequence.
    """
    shape = model.inputs[0].shape
    if len(shape) != 3:
        return False
    sides = [side or 1 for side in shape[1:]]
    if max(sides) <= _LONGEST_IMAGE * min(sides):
        return False
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, (keras.layers.Reshape, keras.layers.Flatten, keras.layers.Conv2D)):
            return False
        if isinstance(layer, _over_time()):
            return True
    return False
