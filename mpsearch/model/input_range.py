"""Whether the numbers that a network is given look like those it was trained on.

Nothing in a model file says so; a wrong choice of ``preprocess`` gives answers all the same, and
a search on them is worth nothing. Two things tell: a network that rescales pixels itself, and
answers that come to life only when inputs are 255 times larger or smaller. Notes are advice, so
nothing is said where it is not clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from mpsearch.model.preprocess import Preprocess
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import ModelError

IMAGES: Final = 8  # looked at
_FEW: Final = 4  # to which their flat versions are added, so that there is something to compare
_SCALED: Final = 16.0  # the widest range of inputs that a network is trained on beside 0..255
_WIDE: Final = 64.0  # from here on inputs look like pixels
_STEADY: Final = 0.35  # of the answers' variation: below, inputs may be too small
_COLLAPSED: Final = 0.17  # of it left, where the other scale gives sound answers
_GONE: Final = 0.01  # of it left, where the other scale gives whatever answers
_ALIVE: Final = 0.65  # of it left at a smaller scale, where inputs are too large
_LIVELY: Final = 0.3  # variation of an image and its flat version, to be worth a word
_SATURATED: Final = 0.99  # mean confidence above which inputs may be too large
_SOUND: Final = (0.5, 0.97)  # mean confidence of a network given what it was trained on
_SURER: Final = 1.5
_SAME: Final = 0.005  # answers closer than this do not depend on the scale


class _Network(Protocol):
    def plain_probabilities(self, inputs: Float32Array) -> Float32Array:
        """Class probabilities, shape (n, classes)."""

    def own_scaling(self, inputs: Float32Array) -> tuple[tuple[str, ...], Float32Array]:
        """Kinds of the scaling layers a network begins with, and what they make of inputs."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a network is given.

    Attributes:
        pixels: Pixels of a few images, shape (n, h, w, c), before they are preprocessed.
        preprocess: How they become inputs.
        shape: Shape of an input.
        answers: Class probabilities of those images, shape (n, classes).
    """

    pixels: Float32Array
    preprocess: Preprocess
    shape: tuple[int, ...]
    answers: Float32Array

    def inputs(self, preprocess: Preprocess | None = None) -> Float32Array:
        """Inputs, or what they would be otherwise preprocessed."""
        return self._shaped((preprocess or self.preprocess)(self.pixels))

    def ends(self, preprocess: Preprocess) -> Float32Array:
        """Inputs of a black and a white image."""
        white = 1.0 if self.is_unit else 255.0
        pixels = np.zeros((2, *self.pixels.shape[1:]), dtype=np.float32)
        pixels[1] = white
        return self._shaped(preprocess(pixels))

    @property
    def is_unit(self) -> bool:
        """Whether "pixels" are numbers 0..1, as an archive may hold them."""
        return 0 < float(self.pixels.max()) <= 1

    def _shaped(self, inputs: Float32Array) -> Float32Array:
        return np.ascontiguousarray(inputs).reshape(-1, *self.shape)


def range_notes(network: _Network, given: Given) -> list[str]:
    """One sentence, with what to do, where inputs do not seem to be what the network expects.

    Args:
        network: Answers without the engine.
        given: A few images, and what the engine says to them.
    """
    note = _named_for_pixels(given) or _own_scaling(network, given)
    if note is None:
        kinds, _ = network.own_scaling(given.ends(given.preprocess))
        # A network that scales its inputs itself has said what it expects.
        note = None if kinds else _by_answers(network, given)
    return [] if note is None else [note]


def _named_for_pixels(given: Given) -> str | None:
    """Numbers 0..1 under a preprocessing that divides pixels."""
    name = given.preprocess.name
    instead = {"unit": "raw", "tf": "2,-1"}.get(name)
    if not given.is_unit or (instead is None and name not in {"caffe", "torch"}):
        return None
    remedy = f"`preprocess` = {instead}" if instead else "images of 0..255"
    return (
        f"the images hold numbers 0..1, but `preprocess` = {name} is for pixels 0..255; {remedy} "
        "fits"
    )


def _own_scaling(network: _Network, given: Given) -> str | None:
    kinds, made = network.own_scaling(given.ends(_RAW))
    if not kinds:
        return None
    span, own = _span(made), " and ".join(kinds)
    if given.preprocess.name == "raw":
        return _scaled_once(given, span, own)
    if given.is_unit or span > _SCALED or _keeps_pixels(given.ends(given.preprocess)):
        return None
    if "Normalization" in kinds:
        chosen, raw = (network.own_scaling(given.inputs(by))[1] for by in (None, _RAW))
        if _oddness(chosen) < _oddness(raw):
            return None  # it was fitted to inputs like these
    return (
        f"pixels are scaled twice: the model begins with a {own} of its own for pixels 0..255, and "
        f"`preprocess` = {given.preprocess.name} comes before it; `preprocess` = raw fits"
    )


def _scaled_once(given: Given, span: float, own: str) -> str | None:
    """A note if the model itself scales pixels from black to white to a range of *span*."""
    if given.is_unit and 255 * span <= _SCALED:
        return (
            f"the model's own {own} is for pixels 0..255, but the images hold numbers 0..1; "
            "`preprocess` = 255,0 fits"
        )
    if not given.is_unit and span >= _WIDE and span / 255 <= _SCALED:
        return (
            f"the model's own {own} makes a range of {span:,.0f} of pixels 0..255, as if it were "
            "for inputs 0..1; `preprocess` = unit may be what it was trained with"
        )
    return None


def _by_answers(network: _Network, given: Given) -> str | None:
    """Compare with answers at the other scale, if those given look odd."""
    largest = float(np.abs(given.inputs()).max())
    if largest <= _SCALED / 2:
        return _too_small(network, given)
    return _too_large(network, given) if largest >= _WIDE else None


def _too_small(network: _Network, given: Given) -> str | None:
    alone = len(given.answers) < 2
    if not (_confidence(given.answers) < _SOUND[0] if alone else _steady(given.answers)):
        return None
    here, there = _compared(network, given, _TIMES_255 if given.is_unit else _RAW)
    # Answers that do not change may also be those of a network that has learned little, and at
    # 255 times the scale any network is sure of something.
    limit = _COLLAPSED if _confidence(there) <= _SOUND[1] else _GONE
    least = _LIVELY if alone else _STEADY / 2
    if _variation(there) < least or _variation(here) >= limit * _variation(there):
        return None
    return (
        f"with `preprocess` = {given.preprocess.name} the model's answers to all images are "
        f"nearly the same; `preprocess` = {_larger(network, given, there)} may be what it was "
        "trained with"
    )


def _too_large(network: _Network, given: Given) -> str | None:
    sure = _confidence(given.answers)
    if _SOUND[0] <= sure <= _SATURATED:
        return None
    if not any(_is_sounder(*_compared(network, given, other), given) for other in (_UNIT, _TF)):
        return None
    return (
        f"with `preprocess` = {given.preprocess.name} the model's mean confidence is "
        f"{100 * sure:.2f} %, as for inputs that are far too large; `preprocess` = unit or "
        "tf may be what it was trained with"
    )


def _is_sounder(here: Float32Array, there: Float32Array, given: Given) -> bool:
    """Whether answers to inputs of a smaller scale are what a network says that knows them."""
    least = _LIVELY if len(given.answers) < 2 else 0.0
    if _variation(there) < max(least, _ALIVE * _variation(here)):
        return False
    change = np.abs(here - there)[: len(given.answers)]  # flat images may tell them apart
    if float(change.sum(axis=1).mean()) / 2 < _SAME:
        return False
    sure, surer = _confidence(given.answers), _confidence(there)
    return surer >= _SOUND[0] and (sure > _SATURATED or surer >= _SURER * sure)


def _larger(network: _Network, given: Given, there: Float32Array) -> str:
    """What to try where inputs are too small; *there* are the answers to 0..255."""
    if given.is_unit:
        return "255,0"
    if given.preprocess.name != "unit":
        unit = network.plain_probabilities(_with_flat(given.inputs(_UNIT)))
        if _variation(unit) >= _ALIVE * _variation(there):
            return "unit"
    return "raw or caffe" if given.pixels.shape[-1] == 3 else "raw"


def _compared(
    network: _Network, given: Given, other: Preprocess
) -> tuple[Float32Array, Float32Array]:
    """Answers to the inputs, and to what another preprocessing makes of the images."""
    here = network.plain_probabilities(_with_flat(given.inputs()))
    try:
        there = network.plain_probabilities(_with_flat(given.inputs(other)))
    except ModelError:  # what is too large to be computed with says nothing
        return here, here
    return here, there if np.isfinite(there).all() else here


def _with_flat(inputs: Float32Array) -> Float32Array:
    """Few images with their mean colours beside them."""
    if len(inputs) >= _FEW:
        return inputs
    flat = np.broadcast_to(inputs.mean(axis=(1, 2), keepdims=True), inputs.shape)
    return np.concatenate([inputs, flat])


def _variation(answers: Float32Array) -> float:
    """Mean total variation between the answers and their mean: 0 if all are the same."""
    return float(np.abs(answers - answers.mean(axis=0)).sum(axis=1).mean() / 2)


def _steady(answers: Float32Array) -> bool:
    return _variation(answers) < _STEADY


def _confidence(answers: Float32Array) -> float:
    return float(answers.max(axis=1).mean())


def _span(made: Float32Array) -> float:
    return float(np.abs(made[1] - made[0]).max())


def _keeps_pixels(ends: Float32Array) -> bool:
    """Whether inputs are pixels still, inverted perhaps."""
    return float(ends.min()) >= -1 and float(ends.max()) <= 256 and _span(ends) >= 128


def _oddness(made: Float32Array) -> float:
    """How far numbers are from mean 0 and deviation 1."""
    return abs(float(made.mean())) + abs(float(np.log(max(1e-9, float(made.std())))))


def spread_rows(count: int) -> Sequence[int]:
    """Which of *count* images are looked at."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(IMAGES, count)).round())]


_RAW: Final = Preprocess("raw")
_UNIT: Final = Preprocess("unit", 1 / 255)
_TF: Final = Preprocess("tf", 1 / 127.5, -1.0)
_TIMES_255: Final = Preprocess("255,0", 255.0)

__all__ = ["IMAGES", "Given", "range_notes", "spread_rows"]
