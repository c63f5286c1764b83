"""What no scheme touches is named where it is much."""

from pathlib import Path

import numpy as np
import pytest
import zoo

from mpsearch.model.backend import keras
from mpsearch.model.other_parameters import kinds_of_other_parameters, other_parameters
from mpsearch.workbench.loading import load

pytestmark = pytest.mark.tf
layers = keras.layers


def test_most_bytes_are_named_first_by_the_layer_that_owns_them(tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(image)
    x = layers.TimeDistributed(layers.BatchNormalization())(layers.PReLU()(x))
    x = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, x, name="net")
    assert kinds_of_other_parameters(model) == ("PReLU", "BatchNormalization")
    assert sum(one.nbytes for one in other_parameters(model)) == 4 * (6 * 6 * 4 + 4 * 4)
    model.save(tmp_path / "net.keras")
    np.savez(tmp_path / "x.npz", x=np.zeros((1, 8, 8, 3), dtype=np.uint8))
    bench = load(str(tmp_path / "net.keras"), tmp_path / "x.npz", preprocess="raw")
    (note,) = bench.model.float32_notes()
    everything = 640 + bench.model.bank.original_nbytes
    assert note == (
        f"{64000 / everything:.0f} % of the parameters (640 of {everything:,} bytes) get no "
        "scheme: those of PReLU, BatchNormalization"
    )


def test_a_little_is_not_worth_a_word() -> None:
    _, bench = zoo.saved("vgg", count=1)
    assert bench.model.float32_notes() == []
