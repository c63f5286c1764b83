"""Profiles: complete, resumable, and the same after a trip through JSON."""

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.sensitivity.measure import empty_profile, measure_profile
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.errors import StudyError
from mpsearch.values.progress import Silent, Work

SCHEMES = ("original", "bitwiseAnd_18", "fl16", "fix8")
COUNT = 3


def make(scale: float = 1.0) -> tuple[NumpyNetwork, Engine]:
    network = NumpyNetwork(scale=scale)
    return network, Engine.of(network, WeightBank(network, 2**20), images(COUNT), None, 2**22)


def measured(
    network: NumpyNetwork, engine: Engine, known: SensitivityProfile
) -> SensitivityProfile:
    return measure_profile(engine, network, images(COUNT), known)


def empty(engine: Engine) -> SensitivityProfile:
    names = tuple(f"image {i}" for i in range(COUNT))
    return empty_profile(engine, SCHEMES, names, {"model": "m", "images": "i"})


def same(one: SensitivityProfile, other: SensitivityProfile) -> bool:
    """Whether two profiles say the same, up to how plans were grouped."""
    for part in ("per_layer", "uniform", "cumulative"):
        ours, theirs = getattr(one, part), getattr(other, part)
        if set(ours) != set(theirs):
            return False
        for key, reading in ours.items():
            np.testing.assert_allclose(reading.confidence, theirs[key].confidence, atol=5e-6)
            assert reading.nbytes == theirs[key].nbytes
    return True


def test_every_cell_curve_and_uniform_plan_is_there() -> None:
    network, engine = make()
    profile = measured(network, engine, empty(engine))
    layers = [layer.name for layer in engine.layers]
    assert set(profile.per_layer) == {(k, s) for k in layers for s in SCHEMES}
    assert set(profile.predicted) == set(profile.per_layer)
    assert set(profile.uniform) == set(SCHEMES)
    assert set(profile.cumulative) == {(s, i) for s in SCHEMES for i in range(len(layers))}
    total = sum(profile.per_layer[k, "fix8"].nbytes for k in layers)
    assert total == profile.uniform["fix8"].nbytes == profile.cumulative["fix8", 4].nbytes
    assert all(profile.drop_pp(profile.per_layer[k, "original"], "max") == 0 for k in layers)


def test_it_comes_back_from_json_to_the_last_digit() -> None:
    network, engine = make()
    profile = measured(network, engine, empty(engine))
    again = SensitivityProfile.from_json(profile.to_json())
    assert again.to_json() == profile.to_json()
    assert again.layers == profile.layers


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "mpsearch-profile"}', "[" * 9999])
def test_something_else_is_refused_as_a_profile(text: str) -> None:
    with pytest.raises(StudyError, match="profile"):
        SensitivityProfile.from_json(text)


def test_an_interrupted_profile_goes_on_where_it_was() -> None:
    class StopAfter(Silent):
        def __init__(self, plans: int) -> None:
            self.left = plans

        def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
            self.left -= steps
            if self.left < 0:
                raise KeyboardInterrupt

    network, engine = make()
    saved: list[SensitivityProfile] = []
    with pytest.raises(KeyboardInterrupt):
        measure_profile(
            engine,
            network,
            images(COUNT),
            empty(engine),
            save=saved.append,
            progress=StopAfter(30),
        )
    half = saved[-1]
    done = len(half.per_layer) + len(half.uniform) + len(half.cumulative)
    assert 30 <= done < 44
    network_2, engine_2 = make()
    before = engine_2.stage_runs
    whole = measured(network_2, engine_2, half)
    resumed = engine_2.stage_runs - before
    network_3, engine_3 = make()
    before = engine_3.stage_runs
    assert same(whole, measured(network_3, engine_3, empty(engine_3)))
    assert resumed < engine_3.stage_runs - before


def test_a_complete_profile_costs_nothing_more() -> None:
    network, engine = make()
    profile = measured(network, engine, empty(engine))
    before = engine.stage_runs
    assert measured(network, engine, profile).to_json() != ""
    assert engine.stage_runs == before


def test_a_scheme_that_refuses_a_layer_is_left_off_that_layer_and_said_so() -> None:
    network, engine = make(scale=1e5)
    profile = measured(network, engine, empty(engine))
    assert ("stem", "fl16") in profile.refused
    assert "layer 'stem' kernel" in profile.refused["stem", "fl16"]
    assert ("stem", "fl16") not in profile.per_layer
    assert ("stem", "fix8") in profile.per_layer
    assert "fl16" in profile.uniform


def test_the_first_order_prediction_agrees_where_changes_are_small() -> None:
    network, engine = make()
    profile = measured(network, engine, empty(engine))
    for layer in engine.layers:
        cell = (layer.name, "fl16")
        seen = profile.per_layer[cell].margin - profile.baseline.margin
        np.testing.assert_allclose(profile.predicted[cell], seen, atol=2e-3)
