"""Every kind of network from its file on disk: what is measured is what Keras predicts."""

from pathlib import Path

import numpy as np
import pytest
import zoo

from mpsearch.model.plain_forward import plain_forward
from mpsearch.values.plan import Plan

pytestmark = pytest.mark.tf

MENU = ("original", "bitwiseAnd_19", "fl16", "fix8")
# Keras does not bring functions of keras.ops back from HDF5.
NOT_IN_HDF5 = {"binary"}
KERAS = [(name, ".keras") for name in (*zoo.ZOO, *zoo.SEQUENCES)]
HDF5 = [(name, ".h5") for name in (*zoo.ZOO, "rows")]
# test_stored_variables.py reads all of them.
FEW = {"vgg", "nested", "rows"}
FILES = KERAS + [
    file if file[0] in FEW else pytest.param(*file, marks=pytest.mark.long) for file in HDF5
]


@pytest.mark.parametrize(("name", "suffix"), FILES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_saved_model_is_measured_as_keras_predicts(
    name: str, suffix: str, tmp_path: Path
) -> None:
    if suffix == ".h5" and name in NOT_IN_HDF5:
        pytest.skip("Keras does not read this model from HDF5")
    model, bench = zoo.saved(name, suffix)
    rng = np.random.default_rng(3)
    tolerance = 1e-2 if name == "mixed" else 5e-6
    expected = bench.model.network.probabilities(plain_forward(model, bench.inputs))
    np.testing.assert_allclose(
        bench.engine.baseline_probabilities, expected, atol=tolerance, rtol=0
    )
    plan = Plan(bench.layer_names, tuple(str(s) for s in rng.choice(MENU, len(bench.layers))))
    (measurement,) = bench.measure([plan])
    decoded = bench.plain_forward(plan)[np.arange(3), bench.engine.reference]
    np.testing.assert_allclose(measurement.confidence, decoded, atol=tolerance, rtol=0)
    assert bench.model.other_nbytes >= 0
