"""Time left, for work of even, uneven and growing parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.values.pace import Pace
from mpsearch.values.progress import Work


def test_before_anything_is_done_only_a_limit_is_known() -> None:
    assert Pace(0.0).left(5.0, Work(0, 9)) is None
    assert Pace(0.0).left(5.0, Work(0, 9, seconds=30)) == 30


@given(st.floats(0.01, 1e4), st.integers(2, 500), st.data())
def test_even_steps_are_foreseen_exactly(step: float, steps: int, data: st.DataObject) -> None:
    pace = Pace(100.0)
    seen = data.draw(st.integers(1, steps - 1))
    for done in range(1, seen + 1):
        left = pace.left(100.0 + step * done, Work(done, steps - done))
        assert left == pytest.approx(step * (steps - done))


def test_what_is_made_once_at_the_beginning_is_not_counted_again() -> None:
    pace = Pace(0.0)
    for done in range(1, 41):
        left = pace.left(60.0 + done, Work(done, 100 - done))
    assert left == pytest.approx(60)


def test_time_goes_on_between_steps() -> None:
    pace = Pace(0.0)
    pace.left(1.0, Work(1, 9))
    assert pace.left(50.0, Work(1, 9)) == pace.left(1.0, Work(1, 9))


def test_a_limit_is_never_exceeded() -> None:
    pace = Pace(0.0)
    assert pace.left(10.0, Work(1, 100, seconds=7)) == 7
    assert pace.left(20.0, Work(2, 99, seconds=-1)) == 0
