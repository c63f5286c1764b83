"""Other people's models of Keras 2: the three most probable classes are TensorFlow 2.15's."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from keras2_files import GOLDEN, images

from mpsearch.model.load import load_keras_model
from mpsearch.model.source import find_model
from mpsearch.values.errors import ModelError

DATA = Path(os.environ.get("MPSEARCH_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
FOREIGN = DATA / "foreign"
ANSWERS = json.loads((GOLDEN / "foreign.json").read_text())
TOLD_APART = 1e-20  # classes below all count as nought, in no order
OF_BYTES = {"leaf_nested_rescaling.h5"}
OTHER_TASKS = {
    "autoencoder_groups.h5": "it outputs images, as an autoencoder",
    "voice_conv1d_lstm.h5": "is a sequence of 220 steps, as of sound or text, not an image",
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.tf,
    pytest.mark.skipif(not FOREIGN.is_dir(), reason=f"no models in {FOREIGN}"),
]


@pytest.mark.parametrize(
    "name",
    [
        "cifar_keras22_sequential.h5",
        "fer_mini_xception.hdf5",
        "leaf_nested_rescaling.h5",
        "teachable_machine_rps.h5",
    ],
)
def test_best_three(name: str) -> None:
    model = load_keras_model(find_model(str(FOREIGN / name)))
    pixels = images(model.input_shape[1:], 255.0 if name in OF_BYTES else 1.0)
    scores = np.asarray(model(pixels, training=False))
    for row, three in zip(scores, ANSWERS[name], strict=True):
        best = [(index, p) for index, p in three if p > TOLD_APART]
        assert list(np.argsort(-row)[: len(best)]) == [index for index, _ in best]
        np.testing.assert_allclose(row[[i for i, _ in best]], [p for _, p in best], atol=1e-5)


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_other_tasks(name: str) -> None:
    with pytest.raises(ModelError, match=OTHER_TASKS[name]):
        load_keras_model(find_model(str(FOREIGN / name)))
