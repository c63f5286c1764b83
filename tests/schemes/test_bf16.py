"""bf16: float32's upper half, rounded."""

import ml_dtypes
import numpy as np
import pytest
from weight_arrays import every_exponent

from mpsearch.schemes.bf16 import Bf16
from mpsearch.values.errors import SchemeError


def test_it_rounds_as_ml_dtypes_does_at_any_exponent_and_at_ties() -> None:
    ties = (np.arange(2**15, dtype=np.uint32) << 16 | 0x8000).view(np.float32)
    w = np.concatenate([every_exponent(), ties[np.isfinite(ties)]])
    rounded = w.astype(ml_dtypes.bfloat16)
    kept = np.isfinite(rounded.astype(np.float32))
    w, rounded = w[kept], rounded[kept]
    np.testing.assert_array_equal(Bf16().encode(w), rounded.view(np.uint16))
    np.testing.assert_array_equal(Bf16().apply(w), rounded.astype(np.float32))


def test_what_rounds_to_infinity_is_refused() -> None:
    with pytest.raises(SchemeError, match=r"bf16 cannot store 3\.39.*e\+38 at flat index 1 of"):
        Bf16().encode(np.array([1, 3.4e38], np.float32))
