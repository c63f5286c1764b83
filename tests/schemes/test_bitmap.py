"""One bit per weight says which are stored."""

import numpy as np
import pytest

from mpsearch.schemes.bitmap import bitmap_of, in_place
from mpsearch.schemes.stream import Stream
from mpsearch.values.errors import SchemeError


def test_survivors_come_back_to_their_places() -> None:
    survives = np.array([True, False, True, True, False])
    bitmap = bitmap_of(survives)
    assert bitmap.width == 1
    found, symbols = in_place(bitmap, Stream(np.array([7, 0, 9], np.uint16), 12), "x")
    np.testing.assert_array_equal(found, survives)
    assert symbols.tolist() == [7, 0, 0, 9, 0]
    assert symbols.dtype == np.uint16


def test_a_bitmap_that_marks_another_number_is_refused() -> None:
    bitmap = bitmap_of(np.array([True, True]))
    with pytest.raises(SchemeError, match="x marks 2 weights and has 1"):
        in_place(bitmap, Stream(np.array([7], np.uint8), 8), "x")
