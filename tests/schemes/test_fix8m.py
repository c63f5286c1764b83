"""fix8m: what fix8 stores, restored to the middle."""

import numpy as np
from weight_arrays import bits, every_exponent

from mpsearch.schemes import parse_scheme


def test_all_codes_are_restored_half_a_step_further_out() -> None:
    codes = np.arange(256, dtype=np.uint8)
    low, mid = parse_scheme("fix8").decode(codes), parse_scheme("fix8m").decode(codes)
    step = np.where(low == 0, 0, 2.0**-7)
    np.testing.assert_array_equal(np.abs(mid), np.abs(low) + step)
    np.testing.assert_array_equal(np.signbit(mid), np.signbit(low))


def test_it_stores_what_fix8_stores() -> None:
    w = every_exponent()
    np.testing.assert_array_equal(parse_scheme("fix8m").encode(w), parse_scheme("fix8").encode(w))
    assert bits(parse_scheme("fix8m").apply(np.array([-0.0], np.float32)))[0] == 0x80000000
