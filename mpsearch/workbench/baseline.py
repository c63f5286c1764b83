"""Check that the unchanged model's answers are sound, before a workbench is used."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from mpsearch.memory.input_images import Inputs
from mpsearch.model.input_range import spread_rows
from mpsearch.model.network import KerasNetwork
from mpsearch.model.scores import require_probabilities
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.workbench.agreement import require_agreement

_IMAGES: Final = 2  # go through Keras' layers; each costs a forward pass


class PixelSample:
    """Pixels of a few images, kept while all go by.

    Args:
        images: Number of images.
    """

    def __init__(self, images: int) -> None:
        self.rows: IntArray = np.asarray(spread_rows(images))
        self._kept: list[Float32Array] = []

    @property
    def pixels(self) -> Float32Array:
        """Pixels of the images in :attr:`rows`, shape (k, h, w, c)."""
        return np.concatenate(self._kept)

    def watching(self, pieces: Iterable[Float32Array]) -> Iterator[Float32Array]:
        """The pieces as they are, each of consecutive images."""
        first = 0
        for piece in pieces:
            inside = self.rows[(self.rows >= first) & (self.rows < first + len(piece))]
            self._kept.append(piece[inside - first].copy())
            first += len(piece)
            yield piece


class BaselineCheck:
    """Refuses a model that computes nothing sound, while the engine measures it.

    The first images, and the first whose answer is not finite, are compared with a plain pass
    through Keras' layers: a fused kernel may turn NaN into 0.

    Args:
        network: The classifier.
        inputs: The classifier's inputs.
        images: Names of the images.
        sampled: Rows whose answers are kept.
    """

    def __init__(
        self,
        network: KerasNetwork,
        inputs: Inputs,
        images: tuple[str, ...],
        sampled: IntArray,
    ) -> None:
        self._network, self._inputs, self._images = network, inputs, images
        self._sampled = sampled
        self._first = 0
        self._answers: list[Float32Array] = []

    @property
    def sampled_answers(self) -> Float32Array:
        """Class probabilities of the sampled rows, shape (k, classes)."""
        return np.concatenate(self._answers)

    def __call__(self, probabilities: Float32Array) -> None:
        """Look at the answers to the next images.

        Args:
            probabilities: Class probabilities, shape (k, classes).

        Raises:
            ModelError: Names the first layer whose output is not finite, or says what the outputs
                are instead of probabilities.
            RuntimeError: If the engine does not answer as Keras does.
        """
        first, self._first = self._first, self._first + len(probabilities)
        unsound = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[:1]
        looked_at = unsound if len(unsound) else np.arange(min(_IMAGES, len(probabilities)))
        if first == 0 or len(unsound):
            inputs = np.concatenate([self._inputs[i : i + 1] for i in (first + looked_at).tolist()])
            names = [self._images[i] for i in (first + looked_at).tolist()]
            require_agreement(self._network, inputs, probabilities[looked_at], names)
        require_probabilities(probabilities)
        inside = self._sampled[(self._sampled >= first) & (self._sampled < self._first)]
        self._answers.append(probabilities[inside - first])
