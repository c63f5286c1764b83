"""Time is counted once, and where it was spent."""

import numpy as np
from numpy_network import NumpyNetwork, images

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.values.plan import Plan

NAMES = tuple(layer.name for layer in NumpyNetwork().layers)


def test_runs_hits_and_seconds_are_counted() -> None:
    network = NumpyNetwork()
    engine = Engine.of(network, WeightBank(network, 2**24), images(3), None, 2**24)
    timings = engine.timings
    assert 0 < timings.forward <= timings.total  # the baseline
    assert timings.stage_runs == 3 * len(network.stages)
    hits, calls = timings.cache_hits, timings.calls
    engine.measure([Plan.uniform(NAMES, "original").replace("head", "fix8")])
    assert timings.stage_runs == network.rows_run == engine.stage_runs
    assert timings.calls == calls + 1
    assert timings.cache_hits == hits + 1  # what the head reads
    assert timings.coding > 0
    assert timings.forward > 0
    assert timings.coding + timings.forward <= timings.total
    assert np.isclose(timings.coding + timings.forward + timings.python, timings.total)


def test_sizes_looked_up_beforehand_are_part_of_the_total() -> None:
    network = NumpyNetwork()
    bank = WeightBank(network, 2**24)
    bank.nbytes(0, "fix8")
    assert 0 < bank.timings.coding == bank.timings.total
    assert bank.timings.python == 0
