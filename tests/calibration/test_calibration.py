"""Codes chosen by outputs: the same form, smaller errors, nothing else changed."""

import numpy as np
import pytest
from scheme_cases import FITTED

from mpsearch.calibration import Calibration
from mpsearch.memory.moments import InputMoments
from mpsearch.schemes import parse_scheme
from mpsearch.schemes.fitted import Fitted
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError
from mpsearch.values.layer import WeightLayer, WeightTensor

NAMES = [name for name in FITTED if isinstance(parse_scheme(name), Fitted)]
KINDS = {  # blocks, shape of the kernel, channel axes
    "dense": (1, (40, 6), (-1,)),
    "conv": (1, (3, 3, 4, 5), (-1,)),
    "grouped": (2, (3, 3, 2, 6), (-1,)),
    "depthwise": (4, (3, 3, 4, 2), (-2, -1)),
}


class Case:
    """One layer with inputs that go together and have a mean."""

    def __init__(self, kind: str, mean: float = 1.0, biased: bool = True, seed: int = 0) -> None:
        blocks, shape, axes = KINDS[kind]
        rng = np.random.default_rng(seed)
        channels = int(np.prod([shape[axis] for axis in axes]))
        inputs = int(np.prod(shape)) // channels
        self.inputs = rng.normal(mean, 1, (500, blocks, inputs))
        self.inputs += rng.normal(0, 1, (500, blocks, 1))
        raw = np.einsum("nbi,nbj->bij", self.inputs, self.inputs) / 500
        self.moments = InputMoments(
            raw.astype(np.float32),
            self.inputs.mean(axis=0).astype(np.float32),
            np.ones(blocks, np.float32),
        )
        kernel = rng.normal(0, 0.1, shape).astype(np.float32)
        bias = rng.normal(0, 0.1, channels).astype(np.float16).astype(np.float32)
        self.weights = (kernel, bias)[: 1 + biased]
        tensors = (WeightTensor("kernel", shape, axes), WeightTensor("bias", (channels,)))
        self.layers = (
            WeightLayer(0, "seen", "Conv2D", tensors[: 1 + biased]),
            WeightLayer(1, "unseen", "Conv2D", tensors[: 1 + biased]),
        )
        self.calibration = Calibration(
            self.layers, lambda _: self.weights, {0: self.moments}, memory=2**20
        )

    def decoded(self, name: str) -> tuple[Float32Array, ...]:
        codes = self.calibration.codes(0, name)
        assert codes is not None
        scheme = parse_scheme(name).along(self.layers[0].tensors[0].channel_axes)
        return tuple(map(scheme.decode, codes))

    def plain(self, name: str) -> tuple[Float32Array, ...]:
        scheme = parse_scheme(name).along(self.layers[0].tensors[0].channel_axes)
        return tuple(map(scheme.apply, self.weights))

    def output_change(self, decoded: tuple[Float32Array, ...]) -> float:
        """Mean square over the inputs themselves, not by their moments."""
        change = self.moments.columns(decoded[0] - self.weights[0])
        outputs = np.einsum("nbi,bio->nbo", self.inputs, change)
        if len(decoded) > 1:
            outputs += (decoded[1] - self.weights[1]).reshape(outputs.shape[1:])
        return float(np.square(outputs).mean(axis=0).sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_codes_have_the_form_and_size_of_the_scheme_own_ones(name: str, kind: str) -> None:
    case = Case(kind)
    scheme = parse_scheme(name).along(case.layers[0].tensors[0].channel_axes)
    codes = case.calibration.codes(0, name)
    assert codes is not None
    for code, weights in zip(codes, case.weights, strict=True):
        streams = scheme.streams(code)
        assert scheme.has_forms([stream.form for stream in streams], weights.shape)
        assert scheme.nbytes(code) == scheme.stored_nbytes(weights)
        again = scheme.decode(scheme.codes(streams, weights.shape))
        np.testing.assert_array_equal(again, scheme.decode(code))
        assert np.isfinite(again).all()


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_outputs_change_less_than_under_the_schemes_own_codes(
    name: str, kind: str, biased: bool
) -> None:
    case = Case(kind, biased=biased)
    before = case.output_change(case.plain(name))
    after = case.output_change(case.decoded(name))
    assert after < before
    if kind in {"dense", "conv"}:
        assert after < 0.8 * before


@pytest.mark.parametrize("name", ["int4c", "dfix4", "e2m1", "km3"])
def test_the_error_stated_is_the_error_of_the_outputs(name: str) -> None:
    case = Case("conv")
    for decoded in (case.plain(name), case.decoded(name)):
        stated = case.calibration.error(0, decoded)
        assert stated == pytest.approx(case.output_change(decoded), rel=0.02, abs=1e-5)
    assert case.calibration.error(1, case.weights) is None


def test_a_bias_makes_up_for_a_mean_that_weights_cannot() -> None:
    """Inputs that hardly vary: a shift is all that rounding leaves, and the bias takes it away."""
    case = Case("depthwise", mean=0.0)
    case.inputs[...] = 3 + 0.01 * case.inputs
    raw = np.einsum("nbi,nbj->bij", case.inputs, case.inputs) / 500
    moments = InputMoments(
        raw.astype(np.float32),
        case.inputs.mean(axis=0).astype(np.float32),
        np.ones(4, np.float32),
    )
    case.calibration = Calibration(case.layers, lambda _: case.weights, {0: moments}, 2**20)
    kernel, bias = case.decoded("int2c")
    assert not np.array_equal(bias, case.weights[1])
    kept = case.output_change((kernel, case.weights[1]))
    assert case.output_change((kernel, bias)) < 0.05 * kept


def test_a_bias_that_would_be_too_large_for_a_half_stays() -> None:
    case = Case("dense", mean=1e4)
    case.weights = (100 * case.weights[0], np.float32(65000) * np.sign(case.weights[1]))
    bias = case.decoded("int2c")[1]
    assert np.isfinite(bias).all()


def test_only_fitted_schemes_of_layers_that_were_seen_are_calibrated() -> None:
    case = Case("conv")
    assert case.calibration.layers == ("seen",)
    assert case.calibration.codes(1, "int4c") is None
    for name in ("original", "fl16", "fix8", "bitwiseAnd_20", "prun50_int4c", "bf16"):
        assert case.calibration.codes(0, name) is None


def test_the_same_codes_come_again_however_little_is_kept() -> None:
    roomy, tight = Case("grouped"), Case("grouped")
    tight.calibration = Calibration(tight.layers, lambda _: tight.weights, {0: tight.moments}, 0)
    for name in ("int3c", "km2", "int3c", "e2m3", "int3c"):
        for one, other in zip(roomy.decoded(name), tight.decoded(name), strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_that_a_scheme_refuses_are_refused() -> None:
    case = Case("dense")
    case.weights[0][0, 0] = np.float32(3e38)
    with pytest.raises(SchemeError, match="int4c"):
        case.calibration.codes(0, "int4c")


def test_moments_that_no_inputs_have_leave_the_weights_to_decide() -> None:
    """As a file of anybody's may hold; they give no numbers, or no factors."""
    case = Case("dense")
    raw = case.moments.raw.copy()
    raw[0, :2, :2] = [[1, 1e12], [1e12, 1]]
    for wrong in (raw, np.full_like(raw, 3e38)):
        moments = InputMoments(wrong, case.moments.mean, case.moments.trust)
        calibration = Calibration(case.layers, lambda _: case.weights, {0: moments}, 2**20)
        for name in ("int4c", "e2m1", "dfix4"):
            assert calibration.codes(0, name) is None
