"""A copy gives what a model made anew gives, plan after plan, and the live model stays as it is."""

import numpy as np
import pytest
import zoo

from mpsearch.model.plain_forward import plain_forward
from mpsearch.values.plan import Plan

pytestmark = pytest.mark.tf


@pytest.mark.parametrize("name", ["nested", "mobile"])
def test_one_copy_serves_any_plan(name: str) -> None:
    _, bench = zoo.saved(name)
    model = bench.model
    trained = [np.array(variable.numpy()) for variable in model.live.weights]
    for scheme in ("original", "bitwiseAnd_21", "original", "fix8"):
        plan = Plan.uniform(bench.layer_names, scheme)
        scores = plain_forward(model.decoded_model(plan), bench.inputs)
        expected = model.network.probabilities(scores)
        np.testing.assert_array_equal(bench.plain_forward(plan), expected)
        if scheme == "bitwiseAnd_21":
            model.copy.release()  # and is loaded again
    for variable, before in zip(model.live.weights, trained, strict=True):
        np.testing.assert_array_equal(variable.numpy(), before)
