"""intBc: integers with a scale per output channel."""

import numpy as np
import pytest

from mpsearch.schemes import parse_scheme
from mpsearch.schemes.int_channel import WIDTHS, IntChannel
from mpsearch.schemes.stream import Stream
from mpsearch.values.errors import SchemeError


@pytest.mark.parametrize("width", WIDTHS)
def test_codes_are_twos_complement_and_levels_symmetric(width: int) -> None:
    scheme = IntChannel(width)
    half = 2 ** (width - 1)
    integers = np.arange(1 - half, half)
    w = (integers * 0.25).astype(np.float32)[:, None]
    codes = scheme.encode(w)
    np.testing.assert_array_equal(codes.symbols[:, 0], integers % (2 * half))
    assert codes.fit.view(np.float16).tolist() == [0.25 * half]
    np.testing.assert_array_equal(scheme.decode(codes), w)
    assert scheme.stored_nbytes(w) == 2 + -(-len(w) * width // 8)


def test_ties_go_to_even() -> None:
    w = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, *[7.0] * 9]], np.float32).T
    assert IntChannel(4).apply(w).ravel().tolist() == [0, 2, 2, 0, -2, *[7] * 9]


def test_a_weight_far_out_is_cut_where_that_serves_the_others() -> None:
    w = np.random.default_rng(0).normal(0, 1, (2000, 1)).astype(np.float32)
    w[0] = 8
    assert IntChannel(3).apply(w).max() < 5
    assert IntChannel(8).apply(w).max() == pytest.approx(8, rel=1e-3)


@pytest.mark.parametrize("place", [0, 1, 29_999])
@pytest.mark.parametrize("weight", [2.0, 12.0, 25.0])
@pytest.mark.parametrize("width", [3, 4, 8])
def test_one_weight_far_out_counts_wherever_it_lies(width: int, weight: float, place: int) -> None:
    scheme = IntChannel(width)
    w = np.random.default_rng(0).normal(0, 1, (30_000, 1)).astype(np.float32)
    w[place] = weight
    top, half = np.abs(w).max(), 2 ** (width - 1)
    errors = []
    for share in scheme.shares:
        step = float(np.float16(top * share * half / (half - 1))) / half
        levels = np.clip(np.rint(w / step), 1 - half, half - 1)
        errors.append(np.square(levels * step - w).sum(dtype=np.float64))
    found = np.square(scheme.apply(w) - w).sum(dtype=np.float64)
    assert found <= 1.1 * min(errors)


@pytest.mark.parametrize("name", ["int1c", "int9c", "int4", "int4c_2", "int4c_"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(SchemeError):
        parse_scheme(name)


def test_codes_and_scales_that_are_never_written_are_refused() -> None:
    scale, codes = Stream(np.array([0x3C00], np.uint16), 16), Stream(np.array([7, 9], np.uint8), 4)
    assert IntChannel(4).codes([scale, codes], (2, 1)).symbols.tolist() == [[7], [9]]
    lowest = Stream(np.array([7, 8], np.uint8), 4)
    with pytest.raises(SchemeError, match="stands for no number"):
        IntChannel(4).codes([scale, lowest], (2, 1))
    for pattern in (0x7C00, 0x7E00, 0x8000, 0xBC00):
        with pytest.raises(SchemeError, match="scale that is negative, NaN or infinite"):
            IntChannel(4).codes([Stream(np.array([pattern], np.uint16), 16), codes], (2, 1))
