"""Streams coded by :mod:`mpsearch.coding.rans`: high bits modelled, low bits as they are.

The high bits of a weight (sign, exponent) are unevenly spread, the low ones hardly: only the high
ones are worth a table of shares. docs/formats.md describes the bytes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mpsearch.coding import packed, rans
from mpsearch.coding.frequencies import cost_bits, counted, entropy_bits, shares
from mpsearch.schemes.bits import pack_bits, packed_nbytes, symbol_dtype
from mpsearch.schemes.stream import Stream
from mpsearch.values.arrays import IntArray, Symbols, UInt8Array
from mpsearch.values.errors import PackedError

MOST_BITS: Final = 12  # modelled; 4096 symbols
PRECISIONS: Final = (9, 10, 11, 12, 13, 14)  # bits of the shares' sum

_PREAMBLE: Final = 4  # bytes: modelled bits, precision, number of states
_WORTH: Final = 64  # bytes that must be expected to be saved before coding is tried


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """How to code a stream.

    Attributes:
        high: How many high bits of a symbol are modelled.
        precision: Bits of the shares' sum.
        shares: Share of every value of the high bits, shape (2^high,).
        expected_nbytes: Expected length of the code, to within a few bytes.
    """

    high: int
    precision: int
    shares: IntArray
    expected_nbytes: float


def best_model(stream: Stream) -> Model | None:
    """The model that should give the shortest code; None if none is shorter than packed bits."""
    count, width = len(stream.symbols), stream.width
    if stream.nbytes <= _WORTH:
        return None
    most = min(MOST_BITS, width)
    counts = counted(_high(stream.symbols, width - most), 1 << most)
    by_high: dict[int, IntArray] = {}
    for high in range(most, 0, -1):
        by_high[high] = counts
        counts = counts.reshape(-1, 2).sum(axis=1)
    # The entropy says which split is worth a closer look.
    split = min(by_high, key=lambda high: _rough_bits(by_high[high], count, width - high))
    best: Model | None = None
    for high in {max(1, split - 1), split}:
        for precision in PRECISIONS:
            used = int(np.count_nonzero(by_high[high]))
            if used > 1 << precision:
                continue
            frequencies = shares(by_high[high], precision)
            bits = cost_bits(by_high[high], frequencies, precision)
            nbytes = (
                _table_nbytes(high, used, precision)
                + bits / 8
                + 2 * rans.lanes_for(count)
                + packed_nbytes(count, width - high)
            )
            if best is None or nbytes < best.expected_nbytes:
                best = Model(high, precision, frequencies, nbytes)
    if best is None or best.expected_nbytes > stream.nbytes - _WORTH:
        return None
    return best


def high_symbols(stream: Stream, model: Model) -> Symbols:
    """What is modelled."""
    return _high(stream.symbols, stream.width - model.high)


def nbytes_around(stream: Stream, model: Model) -> int:
    """Bytes of all but the coded high bits."""
    used = int(np.count_nonzero(model.shares))
    low = packed_nbytes(len(stream.symbols), stream.width - model.high)
    return _table_nbytes(model.high, used, model.precision) + low


def encode(stream: Stream, model: Model) -> UInt8Array:
    """The bytes of a stream."""
    coded = rans.encode(high_symbols(stream, model), model.shares, model.precision)
    used = model.shares > 0
    low = stream.width - model.high
    preamble = np.array([model.high, model.precision, 0, 0], dtype=np.uint8)
    preamble[2:] = np.array([len(coded.states)], dtype="<u2").view(np.uint8)
    parts = [
        preamble,
        pack_bits(used.view(np.uint8), 1),
        pack_bits((model.shares[used] - 1).astype(np.uint16), model.precision),
        rans.to_bytes(coded),
    ]
    if low:
        kept = stream.symbols & stream.symbols.dtype.type((1 << low) - 1)
        parts.append(pack_bits(kept.astype(symbol_dtype(low), copy=False), low))
    return np.concatenate(parts)


def decode(data: UInt8Array, width: int, count: int) -> Symbols:
    """The symbols of a stream of *count* symbols of *width* bits.

    Raises:
        PackedError: If *data* is not the code of such a stream.
    """
    if len(data) < _PREAMBLE:
        raise PackedError("the coded weights have no beginning")
    high, precision = int(data[0]), int(data[1])
    lanes = int(data[2]) | int(data[3]) << 8
    if not 1 <= high <= min(MOST_BITS, width) or precision not in PRECISIONS:
        raise PackedError(f"{high} modelled bits at precision {precision} are not allowed")
    if lanes != rans.lanes_for(count):
        raise PackedError(f"{lanes} states are not those of {count} weights")
    frequencies, at = _read_shares(data, high, precision)
    low = width - high
    end = len(data) - packed_nbytes(count, low)
    if end < at:
        raise PackedError("the coded weights are cut off")
    coded = rans.from_bytes(np.ascontiguousarray(data[at:end]), lanes)
    upper = rans.decode(coded, frequencies, precision, count, symbol_dtype(width))
    if not low:
        return upper
    lower = packed.unpack(np.ascontiguousarray(data[end:]), low, count)
    symbols: Symbols = upper << upper.dtype.type(low) | lower
    return symbols


def _read_shares(data: UInt8Array, high: int, precision: int) -> tuple[IntArray, int]:
    """The shares, and where they end."""
    at = _PREAMBLE + packed_nbytes(1 << high, 1)
    if len(data) < at:
        raise PackedError("the table of shares is cut off")
    used = packed.unpack(data[_PREAMBLE:at], 1, 1 << high) != 0
    there = int(np.count_nonzero(used))
    end = at + packed_nbytes(there, precision)
    if len(data) < end:
        raise PackedError("the table of shares is cut off")
    frequencies = np.zeros(1 << high, dtype=np.int64)
    frequencies[used] = packed.unpack(np.ascontiguousarray(data[at:end]), precision, there)
    frequencies[used] += 1
    if int(frequencies.sum()) != 1 << precision:
        raise PackedError(f"the shares sum to {frequencies.sum()}, not to {1 << precision}")
    return frequencies, end


def _rough_bits(counts: IntArray, count: int, low: int) -> float:
    return entropy_bits(counts) + count * low + 12.0 * np.count_nonzero(counts)


def _table_nbytes(high: int, used: int, precision: int) -> int:
    return _PREAMBLE + packed_nbytes(1 << high, 1) + packed_nbytes(used, precision)


def _high(symbols: Symbols, low: int) -> npt.NDArray[np.uint16]:
    return (symbols >> symbols.dtype.type(low)).astype(np.uint16, copy=False)
