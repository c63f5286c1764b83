"""What a network said, condensed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mpsearch.values.measurement import Answers, Measurement, log_odds
from mpsearch.values.plan import Plan

PLAN = Plan(("a",), ("fix8",))


def single(p: Any, reference: Any, nbytes: int = 0, runs: int = 0) -> Measurement:
    """One plan's measurement, condensed among others that must not change it."""
    others = [np.full_like(p, np.nan), p[:, ::-1].copy()]
    answers = Answers.of([others[0], p, others[1]], reference)
    assert not answers.measurement(0, PLAN, 0, 0).complete
    return answers.measurement(1, PLAN, nbytes, runs)


quick = settings(deadline=None)


def distributions(least: int = 2, most: int = 6) -> Any:
    """Probabilities of 1 to 4 images as a float32 softmax gives them."""
    logits = hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(least, most)),
        elements=st.floats(-60, 60, width=32),
    )
    return logits.map(softmax)


def softmax(logits: Any) -> Any:
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float32))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def test_log_odds_are_those_of_the_probability_where_that_is_exact() -> None:
    p = np.array([[k / 8, 1 - k / 8] for k in range(1, 8)], dtype=np.float32)
    exact = np.array([np.log(k / (8 - k)) for k in range(1, 8)])
    reference = np.zeros(7, dtype=np.int64)
    np.testing.assert_allclose(log_odds(p, reference), exact, rtol=0, atol=1e-15)
    np.testing.assert_allclose(log_odds(p, reference + 1), -exact, rtol=0, atol=1e-15)


def test_log_odds_count_all_other_classes() -> None:
    p = np.array([[0.5, 0.25, 0.125, 0.125]], dtype=np.float32)
    odds = [log_odds(p, np.array([c]))[0] for c in range(4)]
    np.testing.assert_allclose(odds, np.log([1, 1 / 3, 1 / 7, 1 / 7]), rtol=0, atol=1e-15)


@pytest.mark.parametrize("other", [1e-10, 1e-20, 1e-37])
def test_log_odds_stay_exact_where_the_probability_rounds_to_1(other: float) -> None:
    p = np.array([[1.0, other]], dtype=np.float32)
    assert log_odds(p, np.array([0]))[0] == pytest.approx(-np.log(other), rel=1e-7)
    assert log_odds(p, np.array([1]))[0] == pytest.approx(np.log(other), rel=1e-7)


@quick
@given(distributions(least=1), st.data())
def test_log_odds_are_finite_and_leave_the_probabilities_alone(p: Any, data: Any) -> None:
    reference = data.draw(hnp.arrays(np.int64, len(p), elements=st.integers(0, p.shape[1] - 1)))
    before = p.copy()
    odds = log_odds(p, reference)
    assert odds.shape == (len(p),)
    assert odds.dtype == np.float64
    assert np.isfinite(odds).all()
    np.testing.assert_array_equal(p, before)


def test_log_odds_of_certainty_are_finite_and_opposite() -> None:
    p = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    odds = log_odds(p, np.array([0, 0]))
    assert np.isfinite(odds).all()
    assert odds[0] == -odds[1] > 80


@quick
@given(distributions(), st.data())
def test_a_measurement_holds_the_reference_class_and_the_most_probable_ones(
    p: Any, data: Any
) -> None:
    reference = data.draw(hnp.arrays(np.int64, len(p), elements=st.integers(0, p.shape[1] - 1)))
    found = single(p, reference, 7, 3)
    k = min(3, p.shape[1])
    for i, row in enumerate(p):
        assert found.confidence[i] == row[reference[i]]
        expected = sorted(range(len(row)), key=lambda c: (-row[c], c))[:k]
        assert found.top_classes[i].tolist() == expected
        assert found.top_probabilities[i].tolist() == row[expected].tolist()
    np.testing.assert_array_equal(found.top1, found.top_classes[:, 0])
    np.testing.assert_array_equal(found.margin, log_odds(p, reference))
    assert (found.plan, found.nbytes, found.stage_runs, found.complete) == (PLAN, 7, 3, True)


def test_equal_probabilities_keep_the_order_of_classes() -> None:
    p = np.array([[0.1, 0.2, 0.2, 0.2, 0.2, 0.1]], dtype=np.float32)
    assert single(p, np.array([0])).top_classes.tolist() == [[1, 2, 3]]


def test_a_measurement_cannot_be_written_to() -> None:
    found = single(np.array([[0.5, 0.5]], dtype=np.float32), np.array([0]))
    for array in (found.confidence, found.margin, found.top_classes, found.top_probabilities):
        assert not array.flags.writeable


@quick
@given(distributions(), st.data())
def test_answers_filled_in_by_pieces_are_those_of_all_images(p: Any, data: Any) -> None:
    reference = p.argmax(axis=1)
    whole = Answers.of([p, p[:, ::-1]], reference)
    cut = data.draw(st.integers(0, len(p)))
    filled = Answers.blank(3, *p.shape)
    for first, rows in ((0, slice(0, cut)), (cut, slice(cut, None))):
        if len(p[rows]):
            part = Answers.of([p[rows], p[rows, ::-1]], reference[rows])
            filled.put([2, 0], first, part)
    for position, same in ((0, 2), (1, 0)):
        one = whole.measurement(position, PLAN, 0, 0)
        other = filled.measurement(same, PLAN, 0, 0)
        assert one.complete
        assert other.complete
        for name in ("confidence", "margin", "top_classes", "top_probabilities"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    untouched = filled.measurement(1, PLAN, 0, 0)
    assert not untouched.complete
    assert np.isnan(untouched.confidence).all()
    assert (untouched.top_classes == -1).all()
