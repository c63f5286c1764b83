"""dfixB: fixed point with a fraction length per tensor."""

import numpy as np
import pytest
from weight_arrays import every_exponent

from mpsearch.schemes import parse_scheme
from mpsearch.schemes.dynamic_fixed import WIDTHS, DynamicFixed
from mpsearch.schemes.stream import Stream
from mpsearch.values.errors import SchemeError


def test_a_code_is_an_integer_and_the_fraction_length_a_byte() -> None:
    w = np.array([[-1.0, 0.75, 0.25, -0.25]], np.float32)
    codes = DynamicFixed(3).encode(w)
    assert codes.fit.tolist() == [128 + 2]
    assert codes.symbols.tolist() == [[4, 3, 1, 7]]  # −4, 3, 1, −1 quarters
    np.testing.assert_array_equal(DynamicFixed(3).decode(codes), w)
    assert DynamicFixed(3).stored_nbytes(w) == 1 + 2


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("spread", [1e-3, 0.3, 50.0])
def test_no_other_fraction_length_has_a_smaller_error(width: int, spread: float) -> None:
    w = (np.random.default_rng(width).laplace(0, spread, (40, 25))).astype(np.float32)
    half = 2 ** (width - 1)

    def error(length: int) -> float:
        steps = np.clip(np.rint(w.astype(np.float64) * 2.0**length), -half, half - 1)
        return float(np.square(steps * 2.0**-length - w).sum())

    best = min(error(length) for length in range(-20, 30))
    found = float(np.square(DynamicFixed(width).apply(w).astype(np.float64) - w).sum())
    assert found == pytest.approx(best, rel=1e-6)


def test_any_finite_weight_is_taken() -> None:
    w = every_exponent()[:, None]
    for width in WIDTHS:
        assert np.isfinite(DynamicFixed(width).apply(w)).all()
    for value in (1e-36, 1.6e38, -1.6e38):
        single = np.full((2, 1), value, np.float32)
        np.testing.assert_allclose(DynamicFixed(8).apply(single), single, rtol=0.01)


@pytest.mark.parametrize("name", ["dfix1", "dfix9", "dfix", "dfix4_1"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(SchemeError):
        parse_scheme(name)


@pytest.mark.parametrize(("shape", "every"), [((1, 1, 1024, 256), 4), ((2048, 1024), 64)])
def test_the_fraction_length_suits_all_channels_of_a_large_tensor(
    shape: tuple[int, ...], every: int
) -> None:
    w = np.random.default_rng(0).normal(0, 0.05, shape).astype(np.float32)
    w[..., ::every] *= np.float32(0.02)
    found = np.square(DynamicFixed(8).apply(w) - w).sum()
    best = min(
        np.square(np.clip(np.rint(w * 2.0**n), -128, 127) * 2.0**-n - w).sum() for n in range(6, 15)
    )
    assert found <= 1.01 * best


@pytest.mark.parametrize("place", [0, 1, 99_999])
@pytest.mark.parametrize("weight", [1.0, 3.0, 50.0])
def test_one_weight_far_out_counts_wherever_it_lies(weight: float, place: int) -> None:
    w = np.random.default_rng(0).normal(0, 0.05, (1000, 200)).astype(np.float32)
    w.flat[place] = weight
    errors = [
        np.square(np.clip(np.rint(w * 2.0**n), -128, 127) * 2.0**-n - w).sum(dtype=np.float64)
        for n in range(15)
    ]
    found = int(DynamicFixed(8).encode(w).fit[0]) - 128
    assert errors[found] <= 1.01 * min(errors)


def test_a_fraction_length_under_which_codes_are_infinite_is_refused() -> None:
    codes = Stream(np.zeros(4, np.uint8), 8)
    with pytest.raises(SchemeError, match="dfix8 has -128 fraction bits"):
        DynamicFixed(8).codes([Stream(np.array([0], np.uint8), 8), codes], (2, 2))
