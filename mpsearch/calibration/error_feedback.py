"""Rounding in which each weight makes up for the errors of those before it."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.values.arrays import Float32Array, Float64Array

_DAMP: Final = 0.01  # of the mean square of an input, added to each: the factor stays well-behaved
_MOST_DAMP: Final = 1e6
_BLOCK: Final = 64  # weights of a channel after which the others learn of the errors

#: From wanted weights (blocks, channels) to the nearest that can be stored.
Nearest = Callable[[Float32Array], Float32Array]


class ErrorFeedback:
    """Rounds a layer's weights one input at a time, the strongest input first.

    The error of a weight is handed on to those not yet rounded, in the way that changes the
    layer's output least: W_j ← W_j − (W_i − Q_i) · U_ij / U_ii for all j after i, U being the upper
    Cholesky factor of the inverse of the inputs' second moments. This is the method of Frantar et
    al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers"
    (2022), with the inputs ordered by their second moments.

    Args:
        second: Mean of x xᵀ over inputs x, or their covariance, shape (blocks, d, d).
    """

    def __init__(self, second: Float32Array) -> None:
        moments = second.astype(np.float64)
        diagonal = np.einsum("bii->bi", moments)
        self._order = np.argsort(-diagonal, axis=1, kind="stable")
        rows, columns = self._order[:, :, None], self._order[:, None, :]
        ordered = np.take_along_axis(np.take_along_axis(moments, rows, axis=1), columns, axis=2)
        del moments, diagonal  # each is large where inputs are many
        # ordered = V Vᵀ with V upper triangular; then its inverse is Uᵀ U with U = V⁻¹.
        backwards = _cholesky(ordered[:, ::-1, ::-1])
        del ordered
        upper = np.linalg.inv(backwards[:, ::-1, ::-1])
        del backwards
        own = np.einsum("bii->bi", upper)
        # Each row in units of its own diagonal: what is handed on of an error.
        self._handed_on = (upper / own[:, :, None]).astype(np.float32)

    @property
    def nbytes(self) -> int:
        """Memory held."""
        held: int = self._handed_on.nbytes + self._order.nbytes
        return held

    def rounded(self, weights: Float32Array, nearest: Nearest) -> Float32Array:
        """Weights that can be stored, close to *weights* in the layer's outputs.

        Args:
            weights: Weights to round, shape (blocks, d, channels).
            nearest: Rounds the weights of one input, shape (blocks, channels).
        """
        rows = self._order[:, :, None]
        wanted = np.take_along_axis(weights, rows, axis=1)
        rounded = np.empty_like(wanted)
        size = wanted.shape[1]
        for start in range(0, size, _BLOCK):
            stop = min(start + _BLOCK, size)
            errors = np.empty_like(wanted[:, start:stop])
            for i in range(start, stop):
                rounded[:, i] = nearest(wanted[:, i])
                error = wanted[:, i] - rounded[:, i]
                errors[:, i - start] = error
                handed_on = self._handed_on[:, i, i + 1 : stop, None]
                wanted[:, i + 1 : stop] -= handed_on * error[:, None, :]
            if stop < size:
                handed_on = np.swapaxes(self._handed_on[:, start:stop, stop:], 1, 2)
                wanted[:, stop:] -= np.matmul(handed_on, errors)
        result = np.empty_like(rounded)
        np.put_along_axis(result, np.broadcast_to(rows, rounded.shape), rounded, axis=1)
        return result


def _cholesky(moments: Float64Array) -> npt.NDArray[np.floating[Any]]:
    """Lower factor of moments with a little added to each input's own."""
    diagonal = np.einsum("bii->bi", moments)
    strength = diagonal.mean(axis=1, keepdims=True)
    share = _DAMP
    while True:
        damped = moments.copy()
        np.einsum("bii->bi", damped)[...] += np.where(strength > 0, share * strength, 1.0)
        try:
            return np.linalg.cholesky(damped)
        except np.linalg.LinAlgError:
            # Single precision left moments of nearly equal images that no inputs have.
            share *= 10
            if share > _MOST_DAMP:
                raise
