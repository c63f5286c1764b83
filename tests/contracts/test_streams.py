"""What every scheme keeps of its codes: the integers that a packed file is made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheme_cases import FITTED, NAMES, PRUNED, storable, stored
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.schemes.bits import pack_bits, symbol_dtype
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.schemes.stream import Stream
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

EVERY = (*NAMES, *FITTED, *PRUNED)


@pytest.fixture(params=EVERY, scope="module")
def scheme(request: pytest.FixtureRequest) -> AnyScheme:
    return parse_scheme(request.param)


@few
@given(w=tensors())
def test_streams_hold_the_codes_in_as_many_bytes_as_are_counted(
    scheme: AnyScheme, w: Float32Array
) -> None:
    codes = scheme.encode(storable(scheme, w))
    streams = scheme.streams(codes)
    assert sum(stream.nbytes for stream in streams) == scheme.nbytes(codes)
    assert all(stream.symbols.dtype == symbol_dtype(stream.width) for stream in streams)
    assert all(int(s.symbols.max()) < 1 << s.width for s in streams if s.symbols.size)
    again = scheme.codes(streams, w.shape)
    np.testing.assert_array_equal(bits(scheme.decode(again)), bits(scheme.decode(codes)))
    for one, other in zip(scheme.streams(again), streams, strict=True):
        assert one.width == other.width
        np.testing.assert_array_equal(one.symbols, other.symbols)


@few
@given(w=tensors(least=1))
@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("prun")])
def test_packing_and_unpacking_go_no_other_way_than_codes(name: str, w: Float32Array) -> None:
    scheme = parse_scheme(name)
    assert isinstance(scheme, Elementwise)
    for flat in (storable(scheme, w).reshape(-1), storable(scheme, every_exponent())):
        (stream,) = scheme.streams(scheme.encode(flat))
        packed = scheme.pack(flat)
        assert packed.tobytes() == pack_bits(stream.symbols, stream.width).tobytes()
        found = np.empty_like(flat)
        scheme.unpack_into(found, packed)
        np.testing.assert_array_equal(bits(found), bits(stored(scheme, flat)))


@given(change=st.sampled_from(["width", "count", "none", "twice"]))
def test_streams_of_something_else_are_refused(scheme: AnyScheme, change: str) -> None:
    streams = list(scheme.streams(scheme.encode(np.ones((2, 3), np.float32))))
    first = streams[0]
    match change:
        case "width":
            streams[0] = Stream(first.symbols, first.width % 32 + 1)
        case "count":
            streams[0] = Stream(first.symbols[:-1], first.width)
        case "none":
            streams = []
        case _:
            streams *= 3
    with pytest.raises(SchemeError):
        scheme.codes(streams, (2, 3))
