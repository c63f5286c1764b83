"""Weights that would go to the wrong tensors."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mpsearch.model.backend import keras
from mpsearch.model.layer_order import require_same_order
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

NAMES = ["norm/gamma:0", "norm/beta:0", "norm/moving_mean:0", "norm/moving_variance:0"]


def model() -> Any:
    layers = [keras.Input((4, 4, 3)), keras.layers.BatchNormalization(name="norm")]
    return keras.Sequential(layers)


def file(path: Path, names: list[str], pieces: int = 1) -> Path:
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = [b"norm"]
        group = root.create_group("norm")
        for number, some in enumerate(np.array_split(np.array(names, "S"), pieces)):
            group.attrs["weight_names" if pieces == 1 else f"weight_names{number}"] = some
    return path


@pytest.mark.parametrize("pieces", [1, 2])
def test_the_same_order(tmp_path: Path, pieces: int) -> None:
    require_same_order(model(), file(tmp_path / "a.h5", NAMES, pieces))
    numbered = [name.replace(":0", "_3:0") for name in NAMES]
    require_same_order(model(), file(tmp_path / "b.h5", numbered, pieces))


@pytest.mark.parametrize("pieces", [1, 2])
def test_another_order(tmp_path: Path, pieces: int) -> None:
    swapped = [NAMES[1], NAMES[0], *NAMES[2:]]
    with pytest.raises(ModelError, match="layer 'norm' stores its weights in another order"):
        require_same_order(model(), file(tmp_path / "a.h5", swapped, pieces))


def test_names_that_tell_nothing(tmp_path: Path) -> None:
    require_same_order(model(), file(tmp_path / "a.h5", ["a", "b", "c", "d"]))
