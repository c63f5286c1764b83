"""Derivatives by kernels of one pixel with strides, held against numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.model.backend import keras, tf
from mpsearch.model.strided_gradient import safe_strides
from mpsearch.values.arrays import Float32Array

pytestmark = pytest.mark.tf


def derived(
    function: Callable[[Any, Any], Any], x: Float32Array, kernel: Float32Array, by: Float32Array
) -> tuple[list[Float32Array], list[Float32Array], list[Any]]:
    """Derivatives of ``sum(function(x, kernel) * by)`` by both: ours, TensorFlow's, our graph."""

    def ours(x: Any, kernel: Any) -> Any:
        with safe_strides():
            total = tf.reduce_sum(function(x, kernel) * by)
        return tf.gradients(total, [x, kernel])

    def theirs(x: Any, kernel: Any) -> Any:
        return tf.gradients(tf.reduce_sum(function(x, kernel) * by), [x, kernel])

    given_ = [tf.constant(x), tf.constant(kernel)]
    code = tf.function(ours, autograph=False).get_concrete_function(*given_)
    plain = tf.function(theirs, autograph=False).get_concrete_function(*given_)
    safe = kernel.shape[:2] != (1, 1)  # what TensorFlow would crash on is not run
    return (
        [one.numpy() for one in code(*given_)],
        [one.numpy() for one in plain(*given_)] if safe else [],
        code.graph.get_operations(),
    )


def strides_of_kernel_derivatives(operations: list[Any]) -> list[list[int]]:
    return [o.get_attr("strides") for o in operations if o.type == "Conv2DBackpropFilter"]


def normal(*shape: int) -> Float32Array:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


sides, channels = st.integers(1, 26), st.integers(1, 20)


@settings(max_examples=25)
@given(sides, sides, channels, channels, st.tuples(st.integers(1, 4), st.integers(1, 4)), st.data())
def test_by_the_kernel_of_a_convolution(
    height: int, width: int, entering: int, leaving: int, strides: tuple[int, int], data: Any
) -> None:
    padding = data.draw(st.sampled_from(["SAME", "VALID"]))
    x, kernel = normal(1, height, width, entering), normal(1, 1, entering, leaving)
    read = x[:, :: strides[0], :: strides[1]]
    by = normal(*read.shape[:3], leaving)
    ours, _, operations = derived(lambda x, k: tf.nn.conv2d(x, k, strides, padding), x, kernel, by)
    assert strides_of_kernel_derivatives(operations) == [[1, 1, 1, 1]]
    wanted = np.einsum("nhwc,nhwo->co", read.astype(np.float64), by.astype(np.float64))
    np.testing.assert_allclose(ours[1][0, 0], wanted, atol=2e-4)
    by_input = np.zeros_like(x)
    by_input[:, :: strides[0], :: strides[1]] = by @ kernel[0, 0].T
    np.testing.assert_allclose(ours[0], by_input, atol=2e-4)


@settings(max_examples=15)
@given(sides, sides, channels, channels, st.integers(2, 4))
def test_by_the_kernel_of_a_transposed_convolution(
    height: int, width: int, entering: int, leaving: int, stride: int
) -> None:
    x, kernel = normal(1, height, width, entering), normal(1, 1, leaving, entering)
    by = normal(1, height * stride, width * stride, leaving)
    ours, _, operations = derived(
        lambda x, k: tf.nn.conv2d_transpose(x, k, by.shape, stride, "SAME"), x, kernel, by
    )
    assert strides_of_kernel_derivatives(operations) == [[1, 1, 1, 1]]
    read = by[:, ::stride, ::stride]
    wanted = np.einsum("nhwo,nhwc->oc", read.astype(np.float64), x.astype(np.float64))
    np.testing.assert_allclose(ours[1][0, 0], wanted, atol=2e-4)
    np.testing.assert_allclose(ours[0], read @ kernel[0, 0], atol=2e-4)


def test_a_convolution_in_one_dimension_becomes_the_same() -> None:
    x, kernel = normal(1, 48, 8), normal(1, 8, 5)
    by = normal(1, 16, 5)
    ours, _, operations = derived(lambda x, k: keras.ops.conv(x, k, 3, "same"), x, kernel, by)
    assert strides_of_kernel_derivatives(operations) == [[1, 1, 1, 1]]
    np.testing.assert_allclose(ours[1][0], x[0, ::3].T @ by[0], atol=2e-4)


@pytest.mark.parametrize("kernel_size", [(2, 2), (3, 3), (1, 3), (3, 1)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_what_else_is_derived_stays_bit_for_bit(kernel_size: tuple[int, int], stride: int) -> None:
    x, kernel = normal(1, 17, 18, 5), normal(*kernel_size, 5, 7)

    def convolve(x: Any, kernel: Any) -> Any:
        return tf.nn.conv2d(x, kernel, stride, "SAME")

    ours, theirs, operations = derived(convolve, x, kernel, normal(*convolve(x, kernel).shape))
    assert strides_of_kernel_derivatives(operations) == [[1, stride, stride, 1]]
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one, other)
