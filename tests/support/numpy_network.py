"""A small classifier in plain numpy that the engine can measure without TensorFlow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_network import ArrayNetwork

from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.outer import OuterProduct
from mpsearch.values.stage import Stage

WIDTH = 6
CLASSES = 4


class NumpyNetwork(ArrayNetwork):
    """Dense layers with a branch, a merge, a shared layer and a stage without weights.

    ::

        input ─ stem ─┬─ left ──┬─ add ─ shared ─ shared ─ head
                      └─ right ─┘
    """

    def __init__(self, seed: int = 0, scale: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        shapes = {
            "stem": (WIDTH, WIDTH),
            "left": (WIDTH, WIDTH),
            "right": (WIDTH, WIDTH),
            "shared": (WIDTH, WIDTH),
            "head": (WIDTH, CLASSES),
        }
        self._layers = tuple(
            WeightLayer(
                i,
                name,
                "Dense",
                (WeightTensor("kernel", shape), WeightTensor("bias", shape[1:])),
            )
            for i, (name, shape) in enumerate(shapes.items())
        )
        self._weights = [
            (
                (scale * rng.normal(0, 0.8, shape)).astype(np.float32),
                rng.normal(0, 0.1, shape[1:]).astype(np.float32),
            )
            for shape in shapes.values()
        ]
        wide, narrow = 4 * WIDTH, 4 * CLASSES
        self._stages = (
            Stage(0, "stem", (0,), (0,), (1,), (wide,)),
            Stage(1, "left", (1,), (1,), (2,), (wide,)),
            Stage(2, "right", (2,), (1,), (3,), (wide,)),
            Stage(3, "add", (), (2, 3), (4,), (wide,)),
            Stage(4, "shared", (3,), (4,), (5,), (wide,)),
            Stage(5, "shared", (3,), (5,), (6,), (wide,)),
            Stage(6, "head", (4,), (6,), (7,), (narrow,)),
        )
        self.rows_run = 0

    def run(self, stage: int, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        self.rows_run += len(inputs[0])
        if not weights:
            few = min(len(x) for x in inputs)
            left, right = (x.reshape(-1, few, x.shape[1]) for x in inputs)
            return ((left + right).reshape(-1, WIDTH),)
        ((kernel, bias),) = weights
        out = inputs[0] @ kernel + bias
        return (out if stage == len(self._stages) - 1 else np.tanh(out),)

    def spreads(self, stage: int) -> bool:
        return stage == 3

    def most_stacked(self, stage: int, shared: bool) -> int:
        return {1: 8, 6: 8, 2: 4 if shared else 0}.get(stage, 0)

    def margin_gradients(
        self, image: Float32Array, reference: int, weights: Sequence[Any] | None = None
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """By central differences, one weight at a time: slow, and independent of any formula."""
        step = 1e-3
        at = [tuple(a.copy() for a in layer) for layer in (weights or self._weights)]
        gradients = []
        for layer in at:
            found = []
            for array in layer:
                gradient = np.zeros_like(array)
                for i in range(array.size):
                    kept = array.flat[i]
                    array.flat[i] = kept + step
                    up = self._margin(image, reference, at)
                    array.flat[i] = kept - step
                    down = self._margin(image, reference, at)
                    array.flat[i] = kept
                    gradient.flat[i] = (up - down) / (2 * step)
                found.append(gradient)
            gradients.append(tuple(found))
        return tuple(gradients)

    def whole(self, inputs: Float32Array, weights: Sequence[Any]) -> Float32Array:
        """Class probabilities in one go, without stages: the engine's judge."""

        def dense(x: Any, layer: int) -> Any:
            kernel, bias = weights[layer]
            return x @ kernel + bias

        x = np.tanh(dense(inputs.reshape(len(inputs), -1), 0))
        x = np.tanh(dense(x, 1)) + np.tanh(dense(x, 2))
        x = np.tanh(dense(np.tanh(dense(x, 3)), 3))
        return self.probabilities(dense(x, 4))

    def _margin(self, image: Float32Array, reference: int, weights: Sequence[Any]) -> float:
        p = self.whole(image, weights)[0].astype(np.float64)
        tiny = np.finfo(np.float32).tiny
        others = p.sum() - p[reference]
        return float(np.log(max(p[reference], tiny)) - np.log(max(others, tiny)))


def images(count: int, seed: int = 1) -> Float32Array:
    """Inputs for the network, shape (count, WIDTH, 1, 1)."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (count, WIDTH, 1, 1)).astype(np.float32)
