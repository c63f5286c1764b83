"""The exact solver for limits per image, against all choices there are."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.propose.milp import smallest_plan
from mpsearch.values.arrays import Float64Array, IntArray


def instance(
    seed: int, variables: int, options: int, images: int
) -> tuple[list[IntArray], list[Float64Array], Float64Array]:
    rng = np.random.default_rng(seed)
    nbytes = [rng.integers(0, 1000, options).astype(np.int64) for _ in range(variables)]
    fall = [rng.normal(0.3, 1, (options, images)) for _ in range(variables)]
    return nbytes, fall, rng.normal(0.5, 1, images)


def by_hand(
    nbytes: list[IntArray], fall: list[Float64Array], allowance: Float64Array, spared: int
) -> int | None:
    sizes = [
        sum(int(sizes[c]) for sizes, c in zip(nbytes, choice, strict=True))
        for choice in product(*(range(len(sizes)) for sizes in nbytes))
        if np.count_nonzero(
            sum(table[c] for table, c in zip(fall, choice, strict=True)) > allowance + 1e-9
        )
        <= spared
    ]
    return min(sizes, default=None)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(0, 2),
)
def test_it_finds_the_smallest_plan_that_keeps_all_limits_but_a_few(
    seed: int, variables: int, options: int, images: int, spared: int
) -> None:
    nbytes, fall, allowance = instance(seed, variables, options, images)
    found = smallest_plan(nbytes, fall, allowance, spared)
    best = by_hand(nbytes, fall, allowance, spared)
    if best is None:
        assert found.choice is None
        assert not found.optimal
        assert found.bound == np.inf
        return
    assert found.choice is not None
    assert found.optimal
    chosen = sum(int(sizes[c]) for sizes, c in zip(nbytes, found.choice, strict=True))
    assert best <= chosen <= best * (1 + 1e-4) + 1e-6
    assert found.bound <= best + 1e-6


def test_a_search_that_was_cut_short_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpsearch.propose.milp._NODES", 1)
    claims = []
    for seed in range(6):
        nbytes, fall, allowance = instance(seed, 30, 12, 12)
        found = smallest_plan(nbytes, [np.abs(table) for table in fall], np.abs(allowance) + 6, 1)
        claims.append(found.optimal)
        if found.choice is not None:
            chosen = sum(int(sizes[c]) for sizes, c in zip(nbytes, found.choice, strict=True))
            assert found.bound <= chosen + 1e-6
            assert not found.optimal or found.bound >= chosen * (1 - 1e-3) - 1
    assert not all(claims)


def test_nothing_reaches_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        smallest_plan(*instance(seed, 20, 10, 8))
    assert capfd.readouterr().out == ""
