"""Bit for bit what the original program made of the same weights."""

import numpy as np
import pytest
from weight_arrays import ORIGINAL_PROGRAM, bits

from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.values.errors import SchemeError

with np.load(ORIGINAL_PROGRAM) as _file:
    MADE = {name: _file[name] for name in _file.files}
WEIGHTS = MADE["x"].view(np.float32)
INFINITE_HALF = 0x7C00
DECODED = sorted(set(MADE) - {"x", "fix8_code", "fl16"})


def test_every_documented_scheme_has_an_answer_of_the_original() -> None:
    assert set(DOCUMENTED) - {"original"} <= set(MADE)


def test_the_weights_are_finite_and_hold_the_special_ones() -> None:
    assert np.isfinite(WEIGHTS).all()
    special = [0.0, 1.0, 2.0**-6, 1.984375, 65504.0, 65520.0, np.finfo(np.float32).max]
    assert set(special) <= set(np.abs(WEIGHTS).tolist())
    assert {0x00000000, 0x80000000, 0x00000001, 0x80000001} <= set(MADE["x"].tolist())


@pytest.mark.parametrize("name", DECODED)
def test_decoded_weights_equal_the_original_programs(name: str) -> None:
    scheme = parse_scheme(name)
    decoded = scheme.decode(scheme.encode(WEIGHTS))
    np.testing.assert_array_equal(bits(decoded), MADE[name])


def test_fix8_codes_equal_the_original_programs() -> None:
    codes = parse_scheme("fix8").encode(WEIGHTS)
    np.testing.assert_array_equal(codes.view(np.int8), MADE["fix8_code"])


def test_halves_equal_the_original_programs_where_they_are_finite() -> None:
    finite = (MADE["fl16"] & INFINITE_HALF) != INFINITE_HALF
    halves = parse_scheme("fl16").encode(WEIGHTS[finite])
    np.testing.assert_array_equal(halves.view(np.uint16), MADE["fl16"][finite])


def test_each_weight_the_original_program_made_infinite_is_refused() -> None:
    fl16 = parse_scheme("fl16")
    infinite = WEIGHTS[(MADE["fl16"] & INFINITE_HALF) == INFINITE_HALF]
    assert infinite.size > 100
    for i in range(infinite.size):
        with pytest.raises(SchemeError, match=r"fl16 cannot store .* at flat index 0"):
            fl16.encode(infinite[i : i + 1])
