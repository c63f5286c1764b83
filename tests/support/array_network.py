"""What networks of plain numpy arrays have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer
from mpsearch.values.stage import Stage


class ArrayNetwork(ABC):
    """Layers of a kernel and a bias each; who derives from it says what a stage computes."""

    _layers: tuple[WeightLayer, ...]
    _stages: tuple[Stage, ...]
    _weights: list[tuple[Float32Array, Float32Array]]

    @abstractmethod
    def run(self, stage: int, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Evaluate one stage."""

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        return self._layers

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self._stages

    @property
    def output(self) -> int:
        return self._stages[-1].outputs[0]

    def weights(self, layer: int) -> tuple[Float32Array, ...]:
        return tuple(array.copy() for array in self._weights[layer])

    def trained(self, layer: int) -> Any:
        return self._weights[layer]

    def load(self, tensors: tuple[Float32Array, ...]) -> Any:
        return tensors

    def enter(self, inputs: Float32Array) -> Any:
        return inputs.reshape(len(inputs), -1)

    def run_stacked(
        self, stage: int, sets: Sequence[Sequence[Any]], inputs: Sequence[Any], shared: bool
    ) -> tuple[Any, ...]:
        each = [
            list(inputs) if shared else [np.split(x, len(sets))[i] for x in inputs]
            for i in range(len(sets))
        ]
        parts = [self.run(stage, weights, own) for weights, own in zip(sets, each, strict=True)]
        return tuple(np.concatenate(same) for same in zip(*parts, strict=True))

    @property
    def gradient_deaths(self) -> Sequence[str]:
        return ()

    def take(self, batch: Any, start: int, stop: int) -> Any:
        return batch[start:stop]

    def join(self, batches: Sequence[Any]) -> Any:
        return np.concatenate(list(batches))

    def probabilities(self, scores: Any) -> Float32Array:
        raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
        result: Float32Array = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32)
        return result
