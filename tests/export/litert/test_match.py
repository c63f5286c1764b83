"""Kernels are recognised by their numbers."""

import numpy as np

from mpsearch.export.litert.match import match
from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer, WeightTensor


def dense(index: int, array: Float32Array) -> WeightLayer:
    return WeightLayer(index, f"d{index}", "Dense", (WeightTensor("kernel", array.shape),))


def test_kernels_of_one_row_or_column_are_not_taken_for_each_other() -> None:
    rng = np.random.default_rng(0)
    for shape in ((7, 1), (1, 7), (1, 1)):
        kernels = [rng.normal(size=shape).astype(np.float32) for _ in range(4)]
        if shape == (1, 1):
            kernels = [np.full(shape, 3, np.float32)]
        layers = [dense(i, kernel) for i, kernel in enumerate(kernels)]
        order = list(rng.permutation(len(kernels)))
        operators = [("FULLY_CONNECTED", kernels[i].T) for i in order]
        assert match(operators, layers, [(k,) for k in kernels]) == order


def test_a_factor_for_every_output_channel_does_not_hide_a_kernel() -> None:
    rng = np.random.default_rng(1)
    kernels = [rng.normal(size=(5, 6)).astype(np.float32) for _ in range(3)]
    layers = [dense(i, kernel) for i, kernel in enumerate(kernels)]
    operators = [
        ("FULLY_CONNECTED", (k * rng.normal(size=6)).T.astype(np.float32)) for k in kernels
    ]
    assert match(operators[::-1], layers, [(k,) for k in kernels]) == [2, 1, 0]


def test_equal_kernels_stand_in_the_order_of_the_model() -> None:
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    layers = [dense(i, kernel) for i in range(3)]
    operators = [("FULLY_CONNECTED", kernel.T)] * 3
    assert match(operators, layers, [(kernel,)] * 3) == [0, 1, 2]


def test_a_kernels_channels_count_not_the_name_of_its_layers_class() -> None:
    rng = np.random.default_rng(2)
    up = rng.normal(size=(3, 3, 5, 4)).astype(np.float32)  # (…, output, input)
    depth = rng.normal(size=(3, 3, 4, 2)).astype(np.float32)  # (…, input, multiplier)
    layers = [
        WeightLayer(0, "up", "Up", (WeightTensor("kernel", up.shape, (-2,)),)),
        WeightLayer(1, "dw", "Mine", (WeightTensor("kernel", depth.shape, (-2, -1)),)),
    ]
    operators = [
        ("DEPTHWISE_CONV_2D", depth.reshape(1, 3, 3, 8)),
        ("TRANSPOSE_CONV", np.moveaxis(up, -2, 0)),
    ]
    assert match(operators, layers, [(up,), (depth,)]) == [1, 0]
