"""Every code gives its stream back, and is as long as was said."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.coding.coder import METHODS, CodedSizes, CodedStream, code, decode
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.schemes.bits import symbol_dtype
from mpsearch.schemes.stream import Stream
from mpsearch.values.choices import CODINGS, Coding, parse_coding
from mpsearch.values.errors import PackedError, SettingError


def stream(width: int, count: int, spread: float = 1.0, seed: int = 0) -> Stream:
    """Symbols of which the smaller ones come oftener, the less *spread* they are."""
    rng = np.random.default_rng(seed)
    drawn = rng.random(count) ** (1 / max(spread, 1e-3)) * (1 << width)
    symbols = np.minimum(drawn.astype(np.uint64), (1 << width) - 1).astype(symbol_dtype(width))
    return Stream(symbols, width)


@st.composite
def streams(draw: Any) -> Stream:
    return stream(
        draw(st.integers(1, 32)),
        draw(st.integers(0, 6000)),
        draw(st.sampled_from([0.0, 0.05, 0.3, 1.0])),
        draw(st.integers(0, 9)),
    )


@settings(max_examples=150, deadline=None)
@given(one=streams(), coding=st.sampled_from(CODINGS))
def test_decoding_gives_the_symbols_back(one: Stream, coding: Coding) -> None:
    coded = code(one, coding)
    found = decode(coded)
    assert found.dtype == one.symbols.dtype
    np.testing.assert_array_equal(found, one.symbols)
    assert len(coded.data) <= one.nbytes
    assert coded.method in METHODS
    if coding == "none":
        assert (coded.method, len(coded.data)) == ("packed", one.nbytes)


@settings(max_examples=60, deadline=None)
@given(one=streams())
def test_the_length_is_known_without_keeping_the_code(one: Stream) -> None:
    sizes = CodedSizes()
    for _ in range(2):  # the second time it is remembered
        assert sizes.nbytes(one) == len(code(one, "entropy").data)


def test_each_method_is_the_shortest_of_something() -> None:
    uneven = stream(8, 20_000, 0.1)
    assert code(uneven, "entropy").method == "rans"
    even = stream(13, 20_000)
    assert code(even, "entropy").method == "packed"
    repeating = Stream(np.tile(stream(8, 500).symbols, 40), 8)
    assert code(repeating, "entropy").method == "zstd"


@pytest.mark.parametrize("name", [*DOCUMENTED, "prun_0.05"])
def test_weights_come_close_to_their_entropy(name: str) -> None:
    """Independent normal weights: no coder of single symbols can be shorter than that."""
    weights = np.random.default_rng(1).normal(0, 0.05, 300_000).astype(np.float32)
    scheme = parse_scheme(name)
    for one in scheme.streams(scheme.encode(weights)):
        _, counts = np.unique(one.symbols, return_counts=True)
        entropy = -(counts * np.log2(counts / counts.sum())).sum() / 8
        length = len(code(one, "entropy").data)
        if one.width <= 12:  # of wider ones, too many symbols come once to know their entropy
            assert entropy * 0.995 < length < entropy * 1.01 + 600
        assert length <= one.nbytes


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 5000])
def test_lengths_that_cannot_be_are_refused_before_anything_is_allocated(
    method: Any, count: int
) -> None:
    huge = CodedStream(8, 2**50, method, np.zeros(40, np.uint8))
    with pytest.raises(PackedError):
        decode(huge)
    with pytest.raises(PackedError):
        decode(CodedStream(8, count, method, np.zeros(0, np.uint8)))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(min_size=0, max_size=400), width=st.integers(1, 32), seed=st.integers(0, 99))
def test_noise_is_refused_or_decoded_and_never_anything_else(
    data: bytes, width: int, seed: int
) -> None:
    count = int(np.random.default_rng(seed).integers(0, 4000))
    for method in METHODS:
        try:
            found = decode(CodedStream(width, count, method, np.frombuffer(data, np.uint8)))
        except PackedError:
            continue
        assert len(found) == count


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10**9), bit=st.integers(0, 7), spread=st.sampled_from([0.02, 0.1]))
def test_a_flipped_bit_is_refused_or_gives_other_symbols(at: int, bit: int, spread: float) -> None:
    one = stream(9, 5000, spread)
    coded = code(one, "entropy")
    assert coded.method == "rans"
    damaged = coded.data.copy()
    damaged[at % len(damaged)] ^= 1 << bit
    try:
        found = decode(CodedStream(9, 5000, "rans", damaged))
    except PackedError:
        return
    # Spare bits (the bitmap's, the last byte's) may be ignored here: checksums guard them.
    assert len(found) == 5000


def test_a_coding_has_a_name() -> None:
    assert parse_coding("entropy") == "entropy"
    with pytest.raises(SettingError, match="unknown coding 'zip'; choose from none, entropy"):
        parse_coding("zip")
