"""What every scheme keeps, whatever it does to a weight; see mpsearch/schemes/base.py."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheme_cases import NAMES, storable, stored
from weight_arrays import bits, every_exponent, few, tensors

from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

not_finite = st.sampled_from([np.nan, np.inf, -np.inf])


@pytest.fixture(params=NAMES, scope="module")
def scheme(request: pytest.FixtureRequest) -> AnyScheme:
    return parse_scheme(request.param)


@few
@given(w=tensors())
def test_decoded_weights_are_finite_float32_of_the_same_shape(
    scheme: AnyScheme, w: Float32Array
) -> None:
    w = storable(scheme, w)
    codes = scheme.encode(w)
    decoded = scheme.decode(codes)
    assert codes.shape == w.shape
    assert decoded.shape == w.shape
    assert decoded.dtype == np.float32
    assert np.isfinite(decoded).all()


@few
@given(w=tensors())
def test_storing_twice_changes_nothing_more(scheme: AnyScheme, w: Float32Array) -> None:
    codes = scheme.encode(storable(scheme, w))
    once = scheme.decode(codes)
    again = scheme.encode(once)
    np.testing.assert_array_equal(bits(scheme.decode(again)), bits(once))
    assert scheme.nbytes(again) == scheme.nbytes(codes)


def test_storing_twice_changes_nothing_more_at_any_exponent(scheme: AnyScheme) -> None:
    once = stored(scheme, storable(scheme, every_exponent()))
    np.testing.assert_array_equal(bits(stored(scheme, once)), bits(once))


@few
@given(w=tensors(least=1))
def test_a_stored_weight_keeps_its_sign_or_becomes_zero(scheme: AnyScheme, w: Float32Array) -> None:
    w = storable(scheme, w)
    decoded = stored(scheme, w)
    np.testing.assert_array_equal(np.signbit(decoded[decoded != 0]), np.signbit(w[decoded != 0]))


@few
@given(w=tensors())
def test_the_short_ways_are_the_long_ones(scheme: AnyScheme, w: Float32Array) -> None:
    w = storable(scheme, w)
    codes = scheme.encode(w)
    np.testing.assert_array_equal(bits(scheme.apply(w)), bits(scheme.decode(codes)))
    np.testing.assert_array_equal(bits(scheme.apply_storable(w)), bits(scheme.decode(codes)))
    assert scheme.apply(w).shape == w.shape
    assert scheme.stored_nbytes(w) == scheme.nbytes(codes)
    w = storable(scheme, every_exponent())
    np.testing.assert_array_equal(bits(scheme.apply(w)), bits(stored(scheme, w)))


@few
@given(w=tensors(least=1))
def test_applying_shares_no_memory_with_the_weights(scheme: AnyScheme, w: Float32Array) -> None:
    assert not np.shares_memory(scheme.apply(storable(scheme, w)), w)


@few
@given(w=tensors(least=1), bad=not_finite, data=st.data())
def test_the_short_ways_refuse_what_the_long_ones_do(
    scheme: AnyScheme, w: Float32Array, bad: float, data: st.DataObject
) -> None:
    w = storable(scheme, w)
    w.flat[data.draw(st.integers(0, w.size - 1))] = bad
    with pytest.raises(SchemeError) as long:
        scheme.encode(w)
    for short in (scheme.apply, scheme.stored_nbytes):
        with pytest.raises(SchemeError) as found:
            short(w)
        assert str(found.value) == str(long.value)


def test_threads_work_on_large_tensors_as_one_does_on_small_ones(scheme: AnyScheme) -> None:
    few_weights = storable(scheme, every_exponent())
    many = np.tile(few_weights, -(-(2**21 + 2**17 + 5) // few_weights.size))
    expected = np.tile(scheme.apply(few_weights), many.size // few_weights.size)
    codes = scheme.encode(many)
    np.testing.assert_array_equal(bits(scheme.decode(codes)), bits(expected))
    np.testing.assert_array_equal(bits(scheme.apply(many)), bits(expected))
    many[-3] = np.nan
    with pytest.raises(SchemeError, match=f"at flat index {many.size - 3} of"):
        scheme.apply(many)


@pytest.mark.parametrize("name", NAMES)
def test_its_name_parses_back_to_the_same_scheme(name: str) -> None:
    scheme = parse_scheme(name)
    assert scheme.name == name
    assert scheme == parse_scheme(scheme.name)
    assert len({scheme, parse_scheme(scheme.name)}) == 1
    assert name.partition("_")[0] == scheme.family


def test_schemes_of_different_names_differ() -> None:
    assert len({parse_scheme(name) for name in NAMES}) == len(NAMES)


@few
@given(w=tensors(least=1))
def test_encoding_leaves_the_weights_alone(scheme: AnyScheme, w: Float32Array) -> None:
    w = storable(scheme, w)
    before = w.copy()
    decoded = stored(scheme, w)
    decoded += np.float32(1)
    np.testing.assert_array_equal(bits(w), bits(before))
    assert w.flags.writeable


def test_later_changes_of_the_weights_do_not_reach_the_codes(scheme: AnyScheme) -> None:
    w = np.linspace(-1.5, 1.5, 64, dtype=np.float32)
    codes = scheme.encode(w)
    before = codes.copy()
    assert not np.shares_memory(codes, w)
    w[:] = 0.75
    np.testing.assert_array_equal(codes, before)


def test_changes_of_decoded_weights_do_not_reach_the_codes(scheme: AnyScheme) -> None:
    codes = scheme.encode(np.linspace(-1.5, 1.5, 64, dtype=np.float32))
    before = codes.copy()
    scheme.decode(codes)[:] = 0.75
    np.testing.assert_array_equal(codes, before)


def test_read_only_weights_are_taken(scheme: AnyScheme) -> None:
    w = np.linspace(-1.5, 1.5, 64, dtype=np.float32)
    free = stored(scheme, w)
    w.setflags(write=False)
    np.testing.assert_array_equal(bits(stored(scheme, w)), bits(free))


@few
@given(w=tensors())
def test_it_takes_at_most_float32_and_at_least_a_bit_per_weight(
    scheme: AnyScheme, w: Float32Array
) -> None:
    size = scheme.nbytes(scheme.encode(storable(scheme, w)))
    assert isinstance(size, int)
    assert -(-w.size // 8) <= size <= 4 * w.size


@few
@given(w=tensors())
def test_the_shape_of_a_tensor_changes_neither_its_codes_nor_its_bytes(
    scheme: AnyScheme, w: Float32Array
) -> None:
    w = storable(scheme, w)
    codes, flat = scheme.encode(w), scheme.encode(w.reshape(-1))
    np.testing.assert_array_equal(codes.reshape(-1), flat)
    assert scheme.nbytes(codes) == scheme.nbytes(flat)


@few
@given(w=tensors(least=1), bad=st.lists(not_finite, min_size=1, max_size=3), data=st.data())
def test_the_first_weight_that_is_not_finite_is_named(
    scheme: AnyScheme, w: Float32Array, bad: list[float], data: st.DataObject
) -> None:
    w = storable(scheme, w)
    indices = data.draw(st.lists(st.integers(0, w.size - 1), min_size=1, max_size=len(bad)))
    for index, value in zip(indices, bad, strict=False):
        w.flat[index] = value
    with pytest.raises(SchemeError, match=rf"^{scheme.name} .*at flat index {min(indices)} of"):
        scheme.encode(w)


def test_signalling_and_negative_nan_are_refused(scheme: AnyScheme) -> None:
    for pattern in (0x7F800001, 0xFFC00000, 0xFFFFFFFF):
        w = np.array([0x3F800000, pattern], dtype=np.uint32).view(np.float32)
        with pytest.raises(SchemeError, match="at flat index 1 of"):
            scheme.encode(w)


def test_the_index_of_a_bad_weight_counts_in_the_order_of_the_view(scheme: AnyScheme) -> None:
    w = np.ones((3, 4), dtype=np.float32)
    w[2, 1] = np.inf
    with pytest.raises(SchemeError, match=r"at flat index 5 of a tensor of shape \(4, 3\)"):
        scheme.encode(w.T)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "uint32", "bool", "complex64"])
def test_other_types_than_float32_are_refused(scheme: AnyScheme, dtype: str) -> None:
    w: Any = np.ones(3, dtype=dtype)
    with pytest.raises(SchemeError, match=f"^{scheme.name} stores float32 weights, got {dtype}"):
        scheme.encode(w)


@few
@given(w=tensors())
def test_big_endian_weights_give_the_same_codes(scheme: AnyScheme, w: Float32Array) -> None:
    w = storable(scheme, w)
    codes = scheme.encode(w.astype(">f4"))
    np.testing.assert_array_equal(codes, scheme.encode(w))
    assert scheme.decode(codes).dtype.isnative


def test_views_give_the_codes_of_their_copies(scheme: AnyScheme) -> None:
    w = storable(scheme, every_exponent()[:1440]).reshape(6, 8, 30)
    views = [w.T, w[::2], w[:, ::-1], w[1:, 2:5, ::3], np.asfortranarray(w)]
    views.append(np.broadcast_to(w[0], (4, 8, 30)))
    for view in views:
        np.testing.assert_array_equal(scheme.encode(view), scheme.encode(view.copy(order="C")))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1, 1)])
@pytest.mark.parametrize("weight", [0.3, -0.3, 0.0, -0.0, 1e-42, -1000.0])
def test_a_single_weight_is_stored_like_one_among_many(
    scheme: AnyScheme, shape: tuple[int, ...], weight: float
) -> None:
    single = stored(scheme, np.full(shape, weight, dtype=np.float32))
    many = stored(scheme, np.full((2, 3), weight, dtype=np.float32))
    assert single.shape == shape
    assert single.dtype == np.float32
    assert bits(single).reshape(-1)[0] == bits(many)[0, 0]


@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)])
def test_a_tensor_without_weights_takes_no_bytes(scheme: AnyScheme, shape: tuple[int, ...]) -> None:
    codes = scheme.encode(np.empty(shape, dtype=np.float32))
    assert scheme.nbytes(codes) == 0
    assert scheme.decode(codes).shape == shape
