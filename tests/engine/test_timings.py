"""Time is counted once, and where it was spent."""

import numpy as np
from numpy_network import NumpyNetwork, images

from mpsearch.core.plan import Plan
from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank

NAMES = tuple(layer.name for layer in NumpyNetwork().layers)


def test_runs_hits_and_seconds_are_counted() -> None:
    network = NumpyNetwork()
    engine = Engine(network, WeightBank(network, 2**24), images(3), None, 2**24)
    timings = engine.timings
    assert timings.total == 0
    assert timings.stage_runs == 3 * len(network.stages)
    hits, calls = timings.cache_hits, timings.calls
    engine.measure([Plan.uniform(NAMES, "original").replace("head", "fix8")])
    assert timings.stage_runs == network.rows_run == engine.stage_runs
    assert timings.calls == calls + 1
    assert timings.cache_hits == hits + 1  # what the head reads
    assert timings.coding > 0
    assert timings.forward > 0
    assert timings.coding + timings.forward + timings.python >= timings.total * 0.999
    assert np.isclose(timings.python, max(0.0, timings.total - timings.coding - timings.forward))
