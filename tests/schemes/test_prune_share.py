"""prunP_X: the smallest P % become 0."""

import numpy as np
import pytest

from mpsearch.schemes import parse_scheme
from mpsearch.schemes.stream import Stream
from mpsearch.values.errors import SchemeError


@pytest.mark.parametrize("percent", [1, 20, 50, 99])
@pytest.mark.parametrize("shape", [(10, 20), (3, 1), (1, 1), (7, 11)])
def test_the_smallest_share_is_zero_and_the_others_are_exact(
    percent: int, shape: tuple[int, ...]
) -> None:
    w = np.random.default_rng(percent).normal(0, 1, shape).astype(np.float32)
    scheme = parse_scheme(f"prun{percent}_original")
    decoded = scheme.apply(w)
    gone = w.size * percent // 100
    order = np.argsort(np.abs(w), axis=None)
    expected = w.copy()
    expected.flat[order[:gone]] = 0
    np.testing.assert_array_equal(decoded, expected)
    assert scheme.stored_nbytes(w) == -(-w.size // 8) + 4 * (w.size - gone)


def test_of_equal_weights_the_first_go() -> None:
    w = np.ones((2, 5), np.float32)
    w[0, 0] = 2
    assert parse_scheme("prun50_fl16").apply(w).ravel().tolist() == [2, 0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_survivors_are_stored_as_the_other_scheme_stores_a_tensor_with_zeros() -> None:
    w = np.random.default_rng(0).normal(0, 1, (30, 8)).astype(np.float32)
    kept = np.where(np.abs(w) >= np.quantile(np.abs(w), 0.5, method="higher"), w, 0)
    found = parse_scheme("prun50_int4c").apply(w)
    np.testing.assert_array_equal(found, parse_scheme("int4c").apply(kept.astype(np.float32)))


def test_a_vector_is_not_pruned() -> None:
    w = np.linspace(-1, 1, 9, dtype=np.float32)
    np.testing.assert_array_equal(
        parse_scheme("prun50_fix8").apply(w), parse_scheme("fix8").apply(w)
    )


def test_a_bitmap_that_does_not_mark_the_share_is_refused() -> None:
    scheme = parse_scheme("prun50_fix8")
    bitmap, values = scheme.streams(scheme.encode(np.ones((2, 4), np.float32)))
    wrong = Stream(np.ones(8, np.uint8), bitmap.width)
    with pytest.raises(SchemeError, match="marks 8 weights and has 4"):
        scheme.codes([wrong, values], (2, 4))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prun50", "lacks the scheme"),
        ("prun50_", "lacks the scheme"),
        ("prun50_prun50_int4c", "lacks the scheme"),
        ("prun50_prun_0.1", "lacks the scheme"),
        ("prun0_int4c", "unknown scheme"),
        ("prun100_int4c", "unknown scheme"),
        ("prun50_int9c", "unknown scheme 'int9c'"),
    ],
)
def test_other_names_are_refused(name: str, words: str) -> None:
    with pytest.raises(SchemeError, match=words):
        parse_scheme(name)
