"""Moments of inputs, and the errors of outputs that follow from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.memory.moments import InputMoments, KeptMoments, output_error


def moments_of(x: np.ndarray, trust: float = 1.0) -> InputMoments:
    """Of inputs of shape (patches, blocks, d)."""
    raw = np.einsum("nbi,nbj->bij", x, x) / len(x)
    believed = np.full(x.shape[1], trust)
    return InputMoments(
        raw.astype(np.float32), x.mean(axis=0).astype(np.float32), believed.astype(np.float32)
    )


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(0, 99))
def test_the_error_of_outputs_is_what_the_inputs_make_of_a_change(
    blocks: int, inputs: int, channels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(0.5, 1, (60, blocks, inputs))
    change = rng.normal(0, 1, (blocks, inputs, channels)).astype(np.float32)
    outputs = np.einsum("nbi,bio->nbo", x, change)
    moments = moments_of(x)
    found = output_error(moments.second, change)
    np.testing.assert_allclose(found, np.square(outputs).mean(axis=0), rtol=1e-3, atol=1e-4)
    centred = output_error(moments.centred, change)
    np.testing.assert_allclose(centred, outputs.var(axis=0), rtol=1e-3, atol=1e-3)


def test_a_depthwise_kernel_has_a_block_per_input_channel() -> None:
    kernel = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    moments = moments_of(np.zeros((1, 4, 6)))
    columns = moments.columns(kernel)
    assert columns.shape == (4, 6, 5)
    np.testing.assert_array_equal(columns[3, :, 2], kernel[:, :, 3, 2].reshape(-1))
    np.testing.assert_array_equal(moments.kernel(columns, kernel.shape), kernel)


def test_groups_have_their_channels_side_by_side() -> None:
    kernel = np.arange(1 * 1 * 3 * 8, dtype=np.float32).reshape(1, 1, 3, 8)
    moments = moments_of(np.zeros((1, 2, 3)))
    np.testing.assert_array_equal(moments.columns(kernel)[1], kernel[0, 0, :, 4:])


@pytest.mark.parametrize("trust", [0.0, 0.25, 1.0])
def test_what_is_not_believed_of_products_is_left_out(trust: float) -> None:
    x = np.random.default_rng(0).normal(1, 1, (50, 1, 4))
    moments, whole = moments_of(x, trust), moments_of(x)
    for found, all_of_it in ((moments.second, whole.second), (moments.centred, whole.centred)):
        np.testing.assert_allclose(np.diagonal(found[0]), np.diagonal(all_of_it[0]))
        np.testing.assert_allclose(found[0, 0, 1:], trust * all_of_it[0, 0, 1:], rtol=1e-6)


def test_inputs_that_never_change_leave_a_covariance_that_can_be_factored() -> None:
    x = np.full((40, 1, 3), 12345.678)
    assert (np.linalg.eigvalsh(moments_of(x).centred[0].astype(np.float64)) > -1e-2).all()


def test_moments_in_a_file_are_those_that_were_kept() -> None:
    rng = np.random.default_rng(0)
    some = {
        layer: InputMoments(
            rng.normal(0, 1, (blocks, 5, 5)).astype(np.float32),
            rng.normal(0, 1, (blocks, 5)).astype(np.float32),
            np.ones(blocks, np.float32),
        )
        for layer, blocks in ((3, 1), (0, 4), (7, 2))
    }
    for memory in (0, 150, 10_000):
        kept = KeptMoments(memory)
        for layer, moments in some.items():
            kept.keep(layer, moments)
        assert set(kept) == set(some)
        assert len(kept) == 3
        assert 1 not in kept
        for layer, moments in some.items():
            assert layer in kept
            for name in ("raw", "mean", "trust"):
                np.testing.assert_array_equal(getattr(kept[layer], name), getattr(moments, name))
