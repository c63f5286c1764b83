"""Codes of every layer and scheme that suit the layer's outputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.calibration.error_feedback import ErrorFeedback
from mpsearch.memory.lru import LRU
from mpsearch.memory.moments import InputMoments, output_error
from mpsearch.schemes import parse_scheme
from mpsearch.schemes.fitted import Fitted, FittedCodes
from mpsearch.schemes.fl16 import OVERFLOW
from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer

# So much smaller must a layer's error become before its bias makes up for the mean of it: moving a
# bias moves every place alike, and what is alike everywhere adds up on its way through the network.
_WORTH_A_BIAS: Final = 0.8
_FACTORS: Final = 0.5  # of the memory, for factored moments; the rest for codes


@dataclass(frozen=True, slots=True, eq=False)
class _Rounded:
    """A kernel's codes, and what they change.

    Attributes:
        codes: Codes of the kernel.
        change: Change of the kernel's weights, shape (blocks, d, channels of a block).
        error: Mean square change of the layer's outputs, all channels together.
    """

    codes: FittedCodes
    change: Float32Array
    error: float


class Calibration:
    """Chooses codes to preserve layer outputs on images; implements the engine's ``CodeSource``.

    Of a :class:`~mpsearch.schemes.fitted.Fitted` scheme, scales or fraction lengths are chosen, and
    weights rounded, so that the layer's outputs change least; where a bias can make up for much of
    what is left on average, it does. What is stored has the same form and size.

    Args:
        layers: The weight layers.
        weights: Function from a layer to its trained tensors.
        moments: Input moments of the layers that can be calibrated, by index.
        memory: Bytes of factors and codes kept.
    """

    def __init__(
        self,
        layers: Sequence[WeightLayer],
        weights: Callable[[int], tuple[Float32Array, ...]],
        moments: Mapping[int, InputMoments],
        memory: int,
    ) -> None:
        self._layers, self._weights, self._moments = layers, weights, moments
        factors = int(_FACTORS * memory)
        self._feedback: LRU[tuple[int, bool], ErrorFeedback] = LRU(factors)
        self._codes: LRU[tuple[int, str], tuple[FittedCodes, ...]] = LRU(memory - factors)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that can be calibrated."""
        return tuple(layer.name for layer in self._layers if layer.index in self._moments)

    def codes(self, layer: int, scheme: str) -> tuple[FittedCodes, ...] | None:
        """Codes of each tensor of a layer; None where its weights alone decide.

        They also do where the moments are none that inputs can have, so that codes chosen by them
        would be no numbers.

        Raises:
            SchemeError: If the scheme refuses the weights.
        """
        if layer not in self._moments:
            return None
        bound = parse_scheme(scheme).along(self._layers[layer].tensors[0].channel_axes)
        if not isinstance(bound, Fitted):
            return None
        key = layer, bound.name
        fitted = self._codes.get(key)
        if fitted is None:
            fitted = self._calibrated(layer, bound)
            if fitted is None:
                return None
            self._codes.put(key, fitted, sum(codes.symbols.nbytes for codes in fitted))
        return fitted

    def error(self, layer: int, decoded: Sequence[Float32Array]) -> float | None:
        """Mean square change of a layer's outputs, all channels together.

        Args:
            layer: Index of the layer.
            decoded: Decoded tensors of the layer, as the network computes with them.

        Returns:
            None for a layer that is not calibrated.
        """
        moments = self._moments.get(layer)
        if moments is None:
            return None
        changes = [a - b for a, b in zip(decoded, self._weights(layer), strict=True)]
        kernel = moments.columns(changes[0])
        error = output_error(moments.second, kernel)
        if len(changes) > 1:
            offset = changes[1].reshape(error.shape)
            error += 2 * offset * _mean_change(moments, kernel) + offset * offset
        return max(0.0, float(error.sum(dtype=np.float64)))

    def _calibrated(self, layer: int, scheme: Fitted) -> tuple[FittedCodes, ...] | None:
        kernel, *biases = self._weights(layer)
        moments = self._moments[layer]
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                plain = self._rounded(layer, scheme, kernel, centred=False)
                moved = self._rounded(layer, scheme, kernel, centred=True) if biases else plain
        except np.linalg.LinAlgError:
            return None
        if not (np.isfinite(plain.error) and np.isfinite(moved.error)):
            return None
        if not biases:
            return (plain.codes,)
        bias = biases[0] - _mean_change(moments, moved.change).reshape(-1)
        storable = bool(np.abs(bias).max() < OVERFLOW)
        if storable and moved.error < _WORTH_A_BIAS * plain.error:
            return moved.codes, scheme.encode(bias)
        return plain.codes, scheme.encode(biases[0])

    def _rounded(self, layer: int, scheme: Fitted, kernel: Float32Array, centred: bool) -> _Rounded:
        """Choose a kernel's fit and codes.

        Args:
            layer: Index of the layer.
            scheme: The scheme of the kernel.
            kernel: Weights of the layer's kernel.
            centred: The bias will make up for the mean change of the outputs.
        """
        moments = self._moments[layer]
        second = moments.centred if centred else moments.second
        weights = moments.columns(kernel)
        blocks, inputs, own = weights.shape
        fits = scheme.candidates(kernel)
        count = len(fits)
        nearest = scheme.rounding(fits)

        def all_nearest(wanted: Float32Array) -> Float32Array:
            rows = wanted.reshape(blocks, count, own).transpose(1, 0, 2).reshape(count, -1)
            values = nearest(np.ascontiguousarray(rows)).reshape(count, blocks, own)
            return values.transpose(1, 0, 2).reshape(blocks, -1)

        # All candidates side by side: most of the time goes into the many small steps.
        wanted = np.tile(weights, (1, 1, count))
        rounded = self._feedback_of(layer, second, centred).rounded(wanted, all_nearest)
        change = rounded - wanted
        errors = output_error(second, change).reshape(blocks, count, own)
        if scheme.by_channel:
            best = errors.argmin(axis=1)
            fit = fits[best.reshape(-1), np.arange(best.size)]
        else:
            best = np.full((blocks, own), errors.sum(axis=(0, 2)).argmin())
            fit = fits[best[0, 0]]
        place = best[:, None, None, :]
        change = change.reshape(blocks, inputs, count, own)
        change = np.take_along_axis(change, place, axis=2)[:, :, 0]
        chosen = np.take_along_axis(rounded.reshape(blocks, inputs, count, own), place, axis=2)
        error = np.take_along_axis(errors, best[:, None, :], axis=1).sum(dtype=np.float64)
        codes = scheme.coded(moments.kernel(chosen[:, :, 0], kernel.shape), fit)
        return _Rounded(codes, change, float(error))

    def _feedback_of(self, layer: int, second: Float32Array, centred: bool) -> ErrorFeedback:
        key = layer, centred
        feedback = self._feedback.get(key)
        if feedback is None:
            feedback = ErrorFeedback(second)
            self._feedback.put(key, feedback, feedback.nbytes)
        return feedback


def _mean_change(moments: InputMoments, change: Float32Array) -> Float32Array:
    """Mean change of the outputs, shape (blocks, channels of a block)."""
    mean: Float32Array = np.matmul(moments.mean[:, None, :], change)[:, 0]
    return mean
