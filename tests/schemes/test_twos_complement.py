"""Signed integers of a few bits."""

import pytest

from mpsearch.schemes.twos_complement import codes_of, integers_of


@pytest.mark.parametrize("width", range(2, 9))
def test_every_code_is_that_of_its_integer(width: int) -> None:
    integers = integers_of(width)
    half = 2 ** (width - 1)
    assert integers.tolist() == [*range(half), *range(-half, 0)]
    assert codes_of(integers, width).tolist() == list(range(2 * half))
