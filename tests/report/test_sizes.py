"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.report.sizes import count, points, round_size, size, times

UNITS = {"byte": 1, "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@given(st.integers(0, 10**14))
def test_a_size_says_its_bytes_to_three_digits(nbytes: int) -> None:
    number, unit = size(nbytes).split()
    assert float(number) * UNITS[unit] == pytest.approx(nbytes, rel=0.0051)
    assert unit == "TB" or float(number) < 1000
    assert len(number.replace(".", "")) <= 3


def test_sizes_points_and_counts() -> None:
    assert [size(n) for n in (0, 1, 999, 1000, 63_378, 999_499, 999_500, 4_941_984)] == [
        *("0 bytes", "1 byte", "999 bytes", "1.00 kB", "63.4 kB", "999 kB", "1.00 MB", "4.94 MB"),
    ]
    assert [round_size(n) for n in (0, 30_000, 1_500_000)] == ["0", "30 kB", "1.50 MB"]
    assert [points(p) for p in (0, 1e-5, 0.045, 0.98, -1.523, 14.57)] == [
        *("0", "0", "0.045", "0.98", "−1.52", "14.6"),
    ]
    assert [times(r) for r in (1, 6.54, 9.99, 32.4)] == ["1.0", "6.5", "10.0", "32"]
    assert [count(n, "plan") for n in (0, 1, 1234)] == ["0 plans", "1 plan", "1,234 plans"]
