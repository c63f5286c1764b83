"""kmB: a codebook per tensor."""

import numpy as np
import pytest

from mpsearch.schemes import parse_scheme
from mpsearch.schemes.k_means import WIDTHS, KMeans
from mpsearch.schemes.stream import Stream
from mpsearch.values.errors import SchemeError


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tensor_of_few_halves_is_stored_exactly(width: int) -> None:
    rng = np.random.default_rng(width)
    book = rng.normal(0, 1, 2**width).astype(np.float16).astype(np.float32)
    w = rng.choice(book, (60, 70))
    np.testing.assert_array_equal(KMeans(width).apply(w), w)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_codebook_is_nearly_the_best_there_is(width: int) -> None:
    """Errors of the best quantizers of normal weights: J. Max, 1960, table I."""
    w = np.random.default_rng(0).normal(0, 1, (300, 400)).astype(np.float32)
    best = {2: 0.1175, 3: 0.03454, 4: 0.009497, 5: 0.002499, 6: 0.000642}[width]
    found = np.square(KMeans(width).apply(w) - w).mean()
    assert found == pytest.approx(best, rel=0.06)


def test_every_weight_is_near_its_centre() -> None:
    w = np.random.default_rng(1).laplace(0, 1, (50, 40)).astype(np.float32)
    codes = KMeans(4).encode(w)
    centres = codes.fit.view(np.float16).astype(np.float64)
    assert (np.diff(centres) > 0).all()
    nearest = np.abs(w[..., None] - centres).min(axis=-1)
    np.testing.assert_allclose(np.abs(KMeans(4).decode(codes) - w), nearest, atol=1e-6)


def test_it_is_the_same_every_time() -> None:
    w = np.random.default_rng(2).normal(0, 1, (200, 300)).astype(np.float32)
    assert KMeans(5).apply(w).tobytes() == KMeans(5).apply(w).tobytes()


def test_weights_in_two_far_clusters_and_one_alone_keep_their_places() -> None:
    w = np.concatenate([np.full(500, 1e-3), np.full(500, 100.0), [3e4]])[:, None]
    np.testing.assert_allclose(KMeans(2).apply(w.astype(np.float32)), w, rtol=1e-3)


def test_a_code_without_a_centre_is_refused() -> None:
    book = Stream(np.array([0x3C00, 0x4000], np.uint16), 16)
    codes = Stream(np.array([0, 1, 2, 1], np.uint8), 2)
    with pytest.raises(SchemeError, match="km2 has code 2 of 2"):
        KMeans(2).codes([book, codes], (2, 2))


@pytest.mark.parametrize("name", ["km1", "km7", "km"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(SchemeError):
        parse_scheme(name)


@pytest.mark.parametrize("outlier", [1.0, 100.0, 1e4, -6e4])
@pytest.mark.parametrize("width", WIDTHS)
def test_one_weight_far_out_does_not_take_the_centres_from_the_others(
    width: int, outlier: float
) -> None:
    w = np.random.default_rng(0).normal(0, 0.05, (3, 3, 64, 64)).astype(np.float32)
    plain = np.square(KMeans(width).apply(w) - w).mean()
    w.flat[5] = outlier
    error = np.square(KMeans(width).apply(w) - w)
    error.flat[5] = 0
    # It costs a centre or two of its own.
    assert error.mean() < {2: 4.0, 3: 2.5}.get(width, 1.7) * plain


def test_the_largest_half_is_taken() -> None:
    w = np.array([[65504.0, 1.0]], np.float32)
    np.testing.assert_array_equal(KMeans(2).apply(w), w)


def test_weights_beside_subnormal_ones_keep_their_clusters() -> None:
    weights = np.array([[3.0, 4.0, 1.0], [2.0, 1.8e-44, 1.8e-44], [1.8e-44] * 3], dtype=np.float32)
    np.testing.assert_allclose(KMeans(2).apply(weights), weights, atol=1)
