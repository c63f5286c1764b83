"""What schemes keep that fit numbers to a tensor; see mpsearch/schemes/fitted.py."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheme_cases import FITTED, PRUNED, storable, stored
from weight_arrays import bits, few, tensors

from mpsearch.schemes import AnyScheme, parse_scheme, per_channel
from mpsearch.schemes.per_channel import PerChannel
from mpsearch.values.arrays import Float32Array, Float64Array
from mpsearch.values.errors import SchemeError

CHANNELS = [name for name in FITTED if isinstance(parse_scheme(name), PerChannel)]


@pytest.fixture(params=[*FITTED, *PRUNED], scope="module")
def scheme(request: pytest.FixtureRequest) -> AnyScheme:
    return parse_scheme(request.param)


@pytest.fixture(params=CHANNELS, scope="module")
def channels(request: pytest.FixtureRequest) -> PerChannel:
    found = parse_scheme(request.param)
    assert isinstance(found, PerChannel)
    return found


def drawn(*shape: int, seed: int = 0) -> Float32Array:
    """Weights as trained ones are: channels of different spread, some far out."""
    rng = np.random.default_rng(seed)
    spread = np.exp(rng.normal(-3, 1, shape[-1]))
    return (rng.standard_t(4, shape) * spread).astype(np.float32)


def usable(scheme: PerChannel) -> Float64Array:
    """Levels without those that no weight gets: not a number, or of −2^(B−1)."""
    return scheme.levels[np.abs(scheme.levels) <= scheme.largest].astype(np.float64)


@few
@given(w=tensors())
def test_decoded_weights_are_finite_float32_of_the_same_shape(
    scheme: AnyScheme, w: Float32Array
) -> None:
    decoded = stored(scheme, storable(scheme, w))
    assert decoded.shape == w.shape
    assert decoded.dtype == np.float32
    assert np.isfinite(decoded).all()


@few
@given(w=tensors())
def test_the_short_ways_are_the_long_ones(scheme: AnyScheme, w: Float32Array) -> None:
    w = storable(scheme, w)
    before = w.copy()
    codes = scheme.encode(w)
    np.testing.assert_array_equal(bits(scheme.apply(w)), bits(scheme.decode(codes)))
    assert scheme.stored_nbytes(w) == scheme.nbytes(codes)
    np.testing.assert_array_equal(bits(w), bits(before))


@few
@given(w=tensors(least=1), bad=st.sampled_from([np.nan, np.inf, -np.inf]), data=st.data())
def test_all_ways_refuse_the_same(
    scheme: AnyScheme, w: Float32Array, bad: float, data: st.DataObject
) -> None:
    w = storable(scheme, w)
    index = data.draw(st.integers(0, w.size - 1))
    w.flat[index] = bad
    for way in (scheme.encode, scheme.apply, scheme.stored_nbytes):
        with pytest.raises(SchemeError, match=f"^{scheme.name} .*at flat index {index} of"):
            way(w)


def test_weights_too_large_for_halves_are_refused(scheme: AnyScheme) -> None:
    for way in (scheme.encode, scheme.stored_nbytes):
        if scheme.name not in {"prun1_fix8", "prun80_bitwiseMid_20"}:  # they know no halves
            with pytest.raises(SchemeError, match=r"flat index 1 of .* halves end at 65504"):
                way(np.array([1, 1e6], np.float32))
        if isinstance(scheme, PerChannel):
            with pytest.raises(SchemeError, match=r"flat index 1 of .* halves end at 65504"):
                way(np.array([[1, 2e5]], np.float32))


@pytest.mark.parametrize("shape", [(5,), (1,), ()])
def test_a_vector_is_stored_as_halves(shape: tuple[int, ...]) -> None:
    w = np.full(shape, 0.1234567, np.float32)
    for name in FITTED:
        scheme = parse_scheme(name)
        np.testing.assert_array_equal(
            bits(stored(scheme, w)), bits(stored(parse_scheme("fl16"), w))
        )
        assert scheme.stored_nbytes(w) == 2 * w.size


def test_views_and_other_byte_orders_are_stored_like_their_copies(scheme: AnyScheme) -> None:
    w = drawn(6, 8, 30)
    for view in (w.T, w[:, ::-1], w[1:, 2:5, ::3], np.asfortranarray(w), w.astype(">f4")):
        plain = np.ascontiguousarray(view, dtype=np.float32)
        np.testing.assert_array_equal(bits(stored(scheme, view)), bits(stored(scheme, plain)))


def test_its_name_parses_back_and_it_says_what_it_is(scheme: AnyScheme) -> None:
    assert parse_scheme(scheme.name) == scheme
    assert scheme.along((-2, -1)) == scheme
    assert scheme.weight_bits is not None


def test_every_weight_gets_the_nearest_level(channels: PerChannel) -> None:
    w = drawn(40, 7)
    codes = channels.encode(w)
    scales = codes.fit.view(np.float16).astype(np.float64)
    levels = usable(channels)
    nearest = np.abs(w[..., None] - levels * scales[:, None]).min(axis=-1)
    np.testing.assert_allclose(np.abs(channels.decode(codes) - w), nearest, rtol=1e-4, atol=1e-9)


def test_scales_are_no_worse_than_those_of_the_largest_weight(channels: PerChannel) -> None:
    w = drawn(300, 9)
    plain = (np.abs(w).max(axis=0) / channels.largest).astype(np.float16).astype(np.float64)
    levels = usable(channels)
    unclipped = np.square(np.abs(w[..., None] - levels * plain[:, None]).min(axis=-1)).sum(axis=0)
    found = np.square(channels.apply(w).astype(np.float64) - w).sum(axis=0)
    assert (found <= unclipped * (1 + 1e-5)).all()


@pytest.mark.parametrize("shape", [(3, 3, 5, 4), (1, 1, 1, 1), (3000, 1, 2), (2, 2, 1, 9000)])
def test_channels_are_where_the_layer_has_them(
    channels: PerChannel, shape: tuple[int, ...]
) -> None:
    w = drawn(*shape)
    plain = channels.apply(w)
    # As a transposed convolution keeps them: (…, output, input).
    swapped = channels.along((-2,)).apply(np.swapaxes(w, -1, -2))
    np.testing.assert_array_equal(bits(np.swapaxes(swapped, -1, -2)), bits(plain))
    # As a depthwise one: (…, input, multiplier) are the outputs.
    merged = w.reshape(*shape[:-2], shape[-2] * shape[-1])
    both = channels.along((-2, -1))
    np.testing.assert_array_equal(
        bits(both.apply(w)).reshape(merged.shape), bits(channels.apply(merged))
    )
    assert both.stored_nbytes(w) == channels.stored_nbytes(merged)


def test_a_channel_does_not_change_another(channels: PerChannel) -> None:
    w = drawn(50, 6)
    other = w.copy()
    other[:, 2] *= 100
    kept = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(channels.apply(other)[:, kept], channels.apply(w)[:, kept])


def test_a_channel_of_zeros_stays_zeros(channels: PerChannel) -> None:
    w = drawn(50, 6)
    w[:, 3] = 0
    w[:, 4] = 1e-12  # below the smallest half
    decoded = channels.apply(w)
    assert not decoded[:, 3:5].any()
    assert decoded[:, 0].any()


def test_storing_twice_changes_nothing_more(channels: PerChannel) -> None:
    once = channels.apply(drawn(90, 8))
    np.testing.assert_array_equal(bits(channels.apply(once)), bits(once))


@pytest.mark.parametrize("family", ["int{}c", "dfix{}", "km{}"])
def test_more_bits_make_smaller_errors_and_larger_files(family: str) -> None:
    w = drawn(3, 3, 32, 64)
    schemes = [parse_scheme(family.format(width)) for width in range(2, 7)]
    errors = [float(np.square(scheme.apply(w) - w).sum()) for scheme in schemes]
    sizes = [scheme.stored_nbytes(w) for scheme in schemes]
    assert errors == sorted(errors, reverse=True)
    assert sizes == sorted(sizes)
    assert errors[-1] < 0.1 * errors[0]


def test_large_tensors_are_stored_as_their_channels_are_one_by_one(channels: PerChannel) -> None:
    w = drawn(70_000, 5)  # more than a block, and more than what scales are chosen on
    whole = channels.apply(w)
    for i in range(5):
        np.testing.assert_array_equal(
            bits(whole[:, i : i + 1]), bits(channels.apply(w[:, i : i + 1]))
        )


@pytest.mark.parametrize(
    ("shape", "axes", "quiet"),
    [
        ((25_088, 16), (-1,), (slice(None, None, 6),)),
        ((20_000, 8), (-1,), (slice(None, None, 2),)),
        ((4, 4, 8, 2048), (-2,), (slice(0, 2),)),
        ((4, 4, 8, 2048), (-2,), (slice(None), slice(None), slice(None), slice(None, None, 3))),
    ],
)
@pytest.mark.parametrize("name", ["int2c", "int4c", "int8c", "e4m3"])
def test_scales_of_large_channels_suit_all_their_parts(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    quiet: tuple[slice, ...],
) -> None:
    """A part of the weights is looked at; whole rows of small ones must not be all of it."""
    w = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    w[quiet] *= np.float32(0.02)
    scheme = parse_scheme(name).along(axes)
    found = float(np.square(scheme.apply(w) - w).sum())
    monkeypatch.setattr(per_channel, "_SAMPLED", w.size)
    best = float(np.square(scheme.apply(w) - w).sum())
    assert found <= 1.1 * best


def test_a_long_row_is_worked_on_in_pieces() -> None:
    for name in ("int4c", "e5m2"):
        scheme = parse_scheme(name)
        w = np.ones((1, 2**21), np.float32)
        codes = scheme.encode(w)
        tracemalloc.start()
        scheme.decode(codes)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2.2 * w.nbytes
