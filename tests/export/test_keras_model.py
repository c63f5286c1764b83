"""Keras models on a disk that refuses."""

import contextlib
import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from failing_disk import FailingDisk, no_file_beyond

from mpsearch.export.keras_model import write_architecture_and_weights, write_keras_model
from mpsearch.model.backend import keras
from mpsearch.values.errors import EnvironmentFault

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def model() -> Any:
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(keras.layers.Conv2D(8, 3)(image))
    return keras.Model(image, keras.layers.Dense(10, activation="softmax")(x))


@pytest.mark.skipif(os.name != "posix", reason="needs limits of file sizes")
def test_a_disk_full_at_any_page_leaves_the_file_of_before(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.keras"
    size = write_keras_model(model, path).stat().st_size
    path.write_bytes(b"old")
    for nbytes in (*range(0, size, 4096), size - 1):
        with no_file_beyond(nbytes), pytest.raises(EnvironmentFault, match="free space") as error:
            write_keras_model(model, path)
        assert str(error.value).isprintable()
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == b"old"


@pytest.mark.skipif(os.name != "posix", reason="needs limits of file sizes")
def test_weights_that_do_not_fit_leave_nothing(model: Any, tmp_path: Path) -> None:
    architecture, weights = write_architecture_and_weights(model, tmp_path / "whole")
    for nbytes in range(0, weights.stat().st_size, 4096):
        folder = tmp_path / f"{nbytes}"
        with no_file_beyond(nbytes), pytest.raises(EnvironmentFault, match="free space") as error:
            write_architecture_and_weights(model, folder)
        assert str(error.value).isprintable()
        left = {one.name for one in folder.glob("*")}
        assert left <= {architecture.name}


@pytest.mark.parametrize("for_good", [False, True])
def test_any_operation_may_fail(model: Any, tmp_path: Path, for_good: bool) -> None:
    path = tmp_path / "plan.keras"
    path.write_bytes(b"old")
    for nth in count(1):
        disk = FailingDisk(nth, for_good)
        with disk.broken(), contextlib.suppress(EnvironmentFault):
            write_keras_model(model, path)
        if not disk.has_failed:
            break
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]
    assert nth > 4
    assert keras.saving.load_model(path).count_params() == model.count_params()
