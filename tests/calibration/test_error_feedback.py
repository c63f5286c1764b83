"""Rounding with error feedback, against plain rounding and against all roundings there are."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.calibration.error_feedback import ErrorFeedback
from mpsearch.memory.moments import output_error
from mpsearch.values.arrays import Float32Array


def to_integers(weights: Float32Array) -> Float32Array:
    return np.rint(weights)


def second_moments(blocks: int, inputs: int, seed: int, rank: int | None = None) -> Float32Array:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (rank or 4 * inputs, blocks, inputs))
    x += rng.normal(0, 1, (len(x), blocks, 1))  # inputs go together
    found: Float32Array = (np.einsum("nbi,nbj->bij", x, x) / len(x)).astype(np.float32)
    return found


@given(st.integers(1, 3), st.integers(1, 7), st.integers(1, 4), st.integers(0, 999))
def test_inputs_without_connection_are_rounded_plainly(
    blocks: int, inputs: int, channels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    second = np.zeros((blocks, inputs, inputs), dtype=np.float32)
    np.einsum("bii->bi", second)[...] = rng.uniform(0, 2, (blocks, inputs))
    weights = rng.normal(0, 3, (blocks, inputs, channels)).astype(np.float32)
    found = ErrorFeedback(second).rounded(weights, to_integers)
    np.testing.assert_array_equal(found, np.rint(weights))


@settings(deadline=None)
@given(st.integers(0, 999))
def test_it_comes_near_the_best_rounding_there_is(seed: int) -> None:
    """Of four weights all 81 roundings to one of the three nearest integers are tried."""
    second = second_moments(1, 4, seed)
    weights = np.random.default_rng(seed).normal(0, 2, (1, 4, 1)).astype(np.float32)
    nearest = np.rint(weights)
    every = np.array(list(itertools.product((-1, 0, 1), repeat=4)), dtype=np.float32).T[None]
    errors = output_error(second, nearest + every - weights)[0]
    found = ErrorFeedback(second).rounded(weights, to_integers)
    error = float(output_error(second, found - weights)[0, 0])
    assert error >= errors.min() * (1 - 1e-4)
    assert error <= 4 * errors.min() + 0.05


@pytest.mark.parametrize("inputs", [16, 63, 64, 65, 200])
def test_outputs_change_far_less_than_by_plain_rounding(inputs: int) -> None:
    """Across the blocks of inputs in which it works, too."""
    second = second_moments(2, inputs, inputs)
    weights = np.random.default_rng(1).normal(0, 3, (2, inputs, 8)).astype(np.float32)
    found = ErrorFeedback(second).rounded(weights, to_integers)
    np.testing.assert_array_equal(found, np.rint(found))
    plain = output_error(second, np.rint(weights) - weights).sum()
    assert output_error(second, found - weights).sum() < 0.6 * plain


def test_the_order_of_inputs_and_channels_does_not_matter() -> None:
    second = second_moments(1, 70, 3)
    weights = np.random.default_rng(3).normal(0, 3, (1, 70, 6)).astype(np.float32)
    whole = ErrorFeedback(second).rounded(weights, to_integers)
    order = np.random.default_rng(4).permutation(70)
    shuffled = ErrorFeedback(second[:, order][:, :, order]).rounded(weights[:, order], to_integers)
    assert np.mean(shuffled == whole[:, order]) > 0.99  # but for ties
    one = ErrorFeedback(second).rounded(np.ascontiguousarray(weights[:, :, 2:3]), to_integers)
    np.testing.assert_array_equal(one[:, :, 0], whole[:, :, 2])


def test_the_weights_given_stay_as_they_are() -> None:
    weights = np.random.default_rng(0).normal(0, 3, (1, 5, 2)).astype(np.float32)
    before = weights.copy()
    ErrorFeedback(second_moments(1, 5, 0)).rounded(weights, to_integers)
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("rank", [1, 2])
def test_few_images_and_inputs_that_are_always_zero_do_no_harm(rank: int) -> None:
    second = second_moments(1, 30, 5, rank)
    second[:, 7] = second[:, :, 7] = 0
    weights = np.random.default_rng(5).normal(0, 3, (1, 30, 3)).astype(np.float32)
    found = ErrorFeedback(second).rounded(weights, to_integers)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0, 7], np.rint(weights[0, 7]))
    nothing = ErrorFeedback(np.zeros((1, 3, 3), np.float32)).rounded(weights[:, :3], to_integers)
    np.testing.assert_array_equal(nothing, np.rint(weights[:, :3]))
