"""Small dense classifiers, trained on the bundled digits in plain numpy."""

from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from array_network import ArrayNetwork

import mpsearch
from mpsearch.values.arrays import Float32Array, Float64Array, IntArray
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.outer import OuterProduct
from mpsearch.values.stage import Stage

Layer = tuple[Float32Array, Float32Array]


class TrainedNetwork(ArrayNetwork):
    """Dense layers with ReLU, one after the other, trained by gradient descent.

    Args:
        widths: Of the hidden layers; there is one weight layer more.
        seed: Of the weights it starts from.
    """

    def __init__(self, widths: Sequence[int], seed: int) -> None:
        x, y = digits()
        sides = [x.reshape(len(x), -1).shape[1], *widths, 10]
        rng = np.random.default_rng(seed)
        self._weights: list[Layer] = [
            (
                rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32),
                np.zeros(b, dtype=np.float32),
            )
            for a, b in pairwise(sides)
        ]
        self._layers = tuple(
            WeightLayer(
                i,
                f"dense{i}",
                "Dense",
                (WeightTensor("kernel", kernel.shape), WeightTensor("bias", bias.shape)),
            )
            for i, (kernel, bias) in enumerate(self._weights)
        )
        last = len(self._weights) - 1
        self._stages = tuple(
            Stage(i, f"dense{i}", (i,), (i,), (i + 1,), (4 * len(bias),))
            for i, (_, bias) in enumerate(self._weights)
        )
        self._last = last
        self._train(x.reshape(len(x), -1), y)

    def run(self, stage: int, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        ((kernel, bias),) = weights
        out = inputs[0] @ kernel + bias
        return (out if stage == self._last else np.maximum(out, 0),)

    def spreads(self, stage: int) -> bool:
        return False

    def most_stacked(self, stage: int, shared: bool) -> int:
        return 0

    def margin_gradients(
        self, image: Float32Array, reference: int, weights: Sequence[Any] | None = None
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """By the chain rule."""
        at = list(self._weights if weights is None else weights)
        activations = [self.enter(image)]
        for index, (kernel, bias) in enumerate(at):
            out = activations[-1] @ kernel + bias
            activations.append(out if index == self._last else np.maximum(out, 0))
        p = self.probabilities(activations[-1])[0].astype(np.float64)
        others = p / max(p.sum() - p[reference], 1e-300)
        others[reference] = 0.0
        slope = (-others).astype(np.float32)[None]
        slope[0, reference] = 1.0  # d/dz of z_c − logsumexp over the others
        found: list[tuple[Float32Array | OuterProduct, ...]] = []
        for index in reversed(range(len(at))):
            found.append((OuterProduct(activations[index][0], slope[0]), slope[0]))
            slope = (slope @ at[index][0].T) * (activations[index] > 0)
        return tuple(reversed(found))

    def all_confidences(
        self, inputs: Float32Array, options: Sequence[Sequence[Layer]], reference: IntArray
    ) -> Float64Array:
        """Confidence of every combination of weights, shape (combinations, n), like product()."""
        states = self.enter(inputs)[None]
        for index, layers in enumerate(options):
            outs = [states @ kernel + bias for kernel, bias in layers]
            states = np.stack(outs, axis=1).reshape(-1, len(inputs), outs[0].shape[-1])
            if index < self._last:
                states = np.maximum(states, 0)
        p = self.probabilities(states.reshape(-1, states.shape[-1])).reshape(states.shape)
        chosen: Float64Array = p[:, np.arange(len(inputs)), reference].astype(np.float64)
        return chosen

    def _train(self, x: Float32Array, y: IntArray) -> None:
        # Smoothed labels and decaying weights: confident, but not beyond doubt.
        wanted = 0.85 * np.eye(10, dtype=np.float32)[y] + np.float32(0.015)
        momentum = [(np.zeros_like(k), np.zeros_like(b)) for k, b in self._weights]
        for _ in range(150):
            activations = [x]
            for index, (kernel, bias) in enumerate(self._weights):
                out = activations[-1] @ kernel + bias
                activations.append(out if index == self._last else np.maximum(out, 0))
            slope = (self.probabilities(activations[-1]) - wanted) / len(x)
            for index in reversed(range(len(self._weights))):
                kernel, bias = self._weights[index]
                by_kernel, by_bias = activations[index].T @ slope, slope.sum(axis=0)
                slope = (slope @ kernel.T) * (activations[index] > 0)
                by_each = zip((kernel, bias), (by_kernel, by_bias), momentum[index], strict=True)
                for array, gradient, speed in by_each:
                    np.subtract(0.9 * speed, 0.05 * (gradient + 1e-3 * array), out=speed)
                    np.add(array, speed, out=array)


def digits() -> tuple[Float32Array, IntArray]:
    """The bundled images, scaled to 0..1, and their classes."""
    file = Path(mpsearch.__file__).parent / "model" / "bundled" / "digits.npz"
    with np.load(file) as archive:
        y = archive["y"] if "y" in archive else np.arange(len(archive["x"])) % 10
        return archive["x"].astype(np.float32) / 255, np.asarray(y, dtype=np.int64)


def every_choice(counts: Sequence[int]) -> IntArray:
    """All combinations, in the order of :meth:`TrainedNetwork.all_confidences`."""
    return np.array(list(product(*map(range, counts))), dtype=np.int64)
