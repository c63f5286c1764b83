"""Range asymmetric numeral systems against a direct transcription of their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.coding import rans
from mpsearch.coding.frequencies import counted, shares
from mpsearch.values.errors import PackedError


def slow_decode(
    coded: rans.Coded, parts: list[int], bits: int, count: int
) -> tuple[list[int], list[int]]:
    """Symbol after symbol, in Python's integers; also where the states end."""
    states = [int(x) for x in coded.states]
    words = [int(x) for x in coded.words]
    found = []
    for i in range(count):
        x = states[i % len(states)]
        slot, before, symbol = x % 2**bits, 0, 0
        while before + parts[symbol] <= slot:
            before += parts[symbol]
            symbol += 1
        found.append(symbol)
        x = parts[symbol] * (x // 2**bits) + slot - before
        states[i % len(states)] = x * 2**16 + words.pop(0) if x < 2**16 else x
    assert not words
    return found, states


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 5000),
    size=st.integers(1, 300),
    bits=st.integers(9, 14),
    seed=st.integers(0, 99),
)
def test_it_is_what_its_definition_says(count: int, size: int, bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    symbols = np.minimum(rng.geometric(0.05, count) - 1, size - 1).astype(np.uint16)
    found = shares(counted(symbols, size), bits)
    coded = rans.encode(symbols, found, bits)
    slow, states = slow_decode(coded, found.tolist(), bits, count)
    assert slow == symbols.tolist()
    assert set(states) == {2**16}  # every state ends where coding began
    fast = rans.decode(coded, found, bits, count, np.dtype(np.uint16))
    np.testing.assert_array_equal(fast, symbols)
    again = rans.from_bytes(rans.to_bytes(coded), rans.lanes_for(count))
    np.testing.assert_array_equal(again.states, coded.states)
    np.testing.assert_array_equal(again.words, coded.words)
    assert coded.nbytes == len(rans.to_bytes(coded))


@pytest.mark.parametrize("count", [1, 1023, 1024, 2047, 2048, 70_001])
def test_a_symbol_that_always_comes_costs_nothing_but_the_states(count: int) -> None:
    symbols = np.full(count, 3, np.uint16)
    found = shares(counted(symbols, 8), 12)
    coded = rans.encode(symbols, found, 12)
    assert len(coded.words) == 0
    assert len(coded.states) == rans.lanes_for(count)
    decoded = rans.decode(coded, found, 12, count, np.dtype(np.uint8))
    np.testing.assert_array_equal(decoded, symbols)


def test_what_ends_early_late_or_elsewhere_is_refused() -> None:
    symbols = (np.arange(3000) % 7).astype(np.uint16)
    found = shares(counted(symbols, 8), 10)
    coded = rans.encode(symbols, found, 10)
    kind = np.dtype(np.uint16)
    for states, words in (
        (coded.states, coded.words[:-1]),
        (coded.states, np.append(coded.words, coded.words[:1])),
        (coded.states ^ np.uint32(4), coded.words),
    ):
        with pytest.raises(PackedError):
            rans.decode(rans.Coded(states, words), found, 10, 3000, kind)
    with pytest.raises(PackedError, match="cannot hold"):
        rans.from_bytes(np.zeros(7, np.uint8), 1)
    with pytest.raises(PackedError, match="below 65536"):
        rans.from_bytes(np.zeros(8, np.uint8), 1)
