"""Which operator of a converted model holds which weight layer's kernel.

Names do not tell: the converter joins, cuts and renumbers them. The numbers do: an operator holds
a kernel, transposed, each output channel (or each input) multiplied by what BatchNormalization was
folded into it.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from mpsearch.values.arrays import Float32Array, Float64Array
from mpsearch.values.layer import WeightLayer

_SAME: Final = 1e-5  # 1 − |cosine| of two channels that are the same but for a factor


def match(
    operators: Sequence[tuple[str, Float32Array]],
    layers: Sequence[WeightLayer],
    weights: Sequence[Sequence[Float32Array]],
) -> list[int | None]:
    """The layer behind each operator, or None.

    Args:
        operators: LiteRT name and weights of each operator.
        layers: The weight layers.
        weights: Trained tensors of the weight layers.
    """
    kernels = [
        (layer.index, rows)
        for layer, tensors in zip(layers, weights, strict=True)
        for rows in _kernel_rows(layer, tensors)
    ]
    matches: list[int | None] = []
    for name, array in operators:
        rows = _operator_rows(name, array)
        alike = [kernel for kernel in kernels if _same_but_for_factors(rows, kernel[1])]
        # Kernels of one row or column are all the same but for factors: the nearest is first.
        # Layers with equal kernels stand in the order of the model.
        alike.sort(key=lambda kernel: -round(_cosine(rows, kernel[1]), 6))
        candidates = [index for index, _ in alike]
        fresh = [index for index in candidates if index not in matches]
        matches.append(next(iter(fresh or candidates), None))
    return matches


def _operator_rows(name: str, array: Float32Array) -> Float32Array:
    """One row per output channel."""
    if name == "DEPTHWISE_CONV_2D":  # (1, height, width, channels)
        return array.reshape(-1, array.shape[-1]).T
    return array.reshape(array.shape[0], -1)


def _kernel_rows(layer: WeightLayer, tensors: Sequence[Float32Array]) -> list[Float32Array]:
    """One row per output channel, for each kernel of a layer."""
    kernels = []
    for tensor, array in zip(layer.tensors, tensors, strict=True):
        axes = tensor.channel_axes
        if array.ndim < 2 or not axes:
            continue
        channels_first = np.moveaxis(array, axes, range(len(axes)))
        channels = math.prod(channels_first.shape[: len(axes)])
        kernels.append(channels_first.reshape(channels, -1))
    return kernels


def _same_but_for_factors(array: Float32Array, other: Float32Array) -> bool:
    if array.shape != other.shape:
        return False
    return _rows_are_parallel(array, other) or _rows_are_parallel(array.T, other.T)


def _cosine(array: Float32Array, other: Float32Array) -> float:
    a, b = array.reshape(-1).astype(np.float64), other.reshape(-1).astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


def _rows_are_parallel(array: Float32Array, other: Float32Array) -> bool:
    products = np.abs(np.einsum("ij,ij->i", array, other, dtype=np.float64))
    lengths = _lengths(array) * _lengths(other)
    # A channel whose factor is 0 says nothing; all of them together must say something.
    return bool(np.all(products >= (1 - _SAME) * lengths) and lengths.any())


def _lengths(rows: Float32Array) -> Float64Array:
    lengths: Float64Array = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    return lengths
