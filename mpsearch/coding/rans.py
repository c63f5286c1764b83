"""Range asymmetric numeral systems: each symbol takes about log2(1 / its share) bits.

Source of the method: J. Duda, "Asymmetric numeral systems", arXiv:1311.2540; several states side
by side: F. Giesen, "Interleaved entropy coders", arXiv:1402.3392. Form of the data:
docs/formats.md.

A state x lies in [2^16, 2^32). Symbol s with share f of 2^bits, the shares before it being c,
takes x to ``⌊x / f⌋ · 2^bits + c + x mod f``, after the lower half of x has been output if x
would become too large. Symbol i belongs to state ``i mod lanes``, so that one numpy call advances
all states by one symbol.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.values.arrays import IntArray, Symbols, UInt8Array
from mpsearch.values.errors import PackedError

MOST_LANES: Final = 16384
LANE: Final = 1024  # symbols of one state, at least: it costs four bytes

_LOWEST: Final = np.uint32(1 << 16)
_HALF: Final = np.uint32(16)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Coded symbols.

    Attributes:
        states: States in which decoding begins, uint32, shape (lanes,).
        words: Words that decoding reads, uint16.
    """

    states: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint16]

    @property
    def nbytes(self) -> int:
        """Bytes of states and words."""
        return 4 * len(self.states) + 2 * len(self.words)


def lanes_for(count: int) -> int:
    """How many states code *count* symbols."""
    return min(max(1, count // LANE), MOST_LANES)


def encode(symbols: Symbols, shares: IntArray, bits: int) -> Coded:
    """Code *symbols*.

    Args:
        symbols: Flat, each with a positive share.
        shares: Per symbol; they sum to 2^bits.
        bits: Binary logarithm of the sum of the shares, at most 16.
    """
    lanes = lanes_for(len(symbols))
    share = shares.astype(np.uint32)
    before = (np.cumsum(shares) - shares).astype(np.uint32)
    shift, room = np.uint32(bits), np.uint32(32 - bits)
    states = np.full(lanes, _LOWEST)
    words: list[npt.NDArray[np.uint16]] = []
    for start in range((len(symbols) - 1) // lanes * lanes, -1, -lanes):  # the last come first
        few = symbols[start : start + lanes]
        state, f = states[: len(few)], share[few]
        (full,) = np.nonzero(state >> room >= f)
        if len(full):
            overflowing = state[full]
            words.append(overflowing.astype(np.uint16))
            state[full] = overflowing >> _HALF
        quotient = state // f
        state += quotient * ((np.uint32(1) << shift) - f) + before[few]
    return Coded(states, np.concatenate([np.zeros(0, np.uint16), *reversed(words)]))


def decode(coded: Coded, shares: IntArray, bits: int, count: int, dtype: np.dtype[Any]) -> Symbols:
    """The symbols that :func:`encode` coded.

    Args:
        coded: Code of the symbols.
        shares: The shares that the symbols were coded with.
        bits: The *bits* that the symbols were coded with.
        count: Number of symbols.
        dtype: Data type of the result.

    Raises:
        PackedError: If the code does not end where it began.
    """
    lanes = len(coded.states)
    slots = np.repeat(np.arange(len(shares)), shares)
    symbol_at = slots.astype(dtype)
    share_at = shares[slots].astype(np.uint32)
    within_at = (np.arange(1 << bits) - (np.cumsum(shares) - shares)[slots]).astype(np.uint32)
    mask, shift = np.uint32((1 << bits) - 1), np.uint32(bits)
    symbols = np.empty(count, dtype=dtype)
    states, words, at = coded.states.copy(), coded.words, 0
    for start in range(0, count, lanes):
        out = symbols[start : start + lanes]
        state = states[: len(out)]
        slot = state & mask
        np.take(symbol_at, slot, out=out, mode="clip")
        state >>= shift
        state *= share_at[slot]
        state += within_at[slot]
        (empty,) = np.nonzero(state < _LOWEST)
        if len(empty):
            read = words[at : at + len(empty)]
            if len(read) < len(empty):
                raise PackedError("the coded weights end too early")
            state[empty] = state[empty] << _HALF | read
            at += len(empty)
    if at != len(words) or np.any(states != _LOWEST):
        raise PackedError("the coded weights do not end where they should")
    return symbols


def to_bytes(coded: Coded) -> UInt8Array:
    """States, then words, little-endian."""
    return np.concatenate(
        [coded.states.astype("<u4").view(np.uint8), coded.words.astype("<u2").view(np.uint8)]
    )


def from_bytes(data: UInt8Array, lanes: int) -> Coded:
    """What :func:`to_bytes` wrote.

    Raises:
        PackedError: If it cannot be that.
    """
    if len(data) < 4 * lanes or len(data) % 2:
        raise PackedError(f"{len(data)} bytes cannot hold {lanes} states")
    states = np.array(data[: 4 * lanes].view("<u4"), dtype=np.uint32)
    if np.any(states < _LOWEST):
        raise PackedError("a state is below 65536")
    return Coded(states, np.array(data[4 * lanes :].view("<u2"), dtype=np.uint16))
