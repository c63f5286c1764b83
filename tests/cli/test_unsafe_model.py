"""The one way past the allow-list, and how far it goes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from crafted.blocks import Json, keras_file, network
from crafted.code import LAMBDAS

import mpsearch
from mpsearch.cli.main import run

pytestmark = pytest.mark.tf

ALLOWED = "--allow-unsafe-model"


@pytest.fixture
def predict(here: Path) -> Callable[..., int]:
    """Run predict on a crafted model."""
    np.savez(here / "x.npz", x=np.zeros((1, 4, 4, 3), np.uint8))

    def command(config: Json, *options: str) -> int:
        (here / "net.keras").write_bytes(keras_file(config))
        argv = ["--model", "net.keras", "--images", "x.npz", "--preprocess", "unit"]
        return run(["predict", *argv, *options])

    return command


def test_what_is_let_in_is_named_in_one_note(
    here: Path, predict: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    config = LAMBDAS["lambda_of_relu"](here / "marker")
    assert predict(config) == 2
    assert "type Lambda is not supported" in capsys.readouterr().err
    assert predict(config, ALLOWED) == 0
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 1
    assert notes[0].startswith("mpsearch: note: model 'net.keras' is loaded although")
    assert "layer 'lam': type Lambda" in notes[0]
    bench = mpsearch.load("net.keras", "x.npz", preprocess="unit", allow_unsafe_model=True)
    assert "layer 'lam'" in bench.model.source.notes[0]


def test_code_does_not_run_even_so(
    here: Path, predict: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    marker = here / "marker"
    assert predict(LAMBDAS["lambda"](marker), ALLOWED) == 2
    note, error = capsys.readouterr().err.splitlines()
    assert note.startswith("mpsearch: note: ")
    assert error.startswith("mpsearch: error: ")
    assert not marker.exists()


def test_nothing_is_noted_of_an_honest_model(
    predict: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(network(), ALLOWED) == 0
    assert capsys.readouterr().err == ""


def test_a_file_that_changes_after_its_inspection_is_not_loaded(here: Path) -> None:
    from mpsearch.model.load import load_keras_model
    from mpsearch.model.source import find_model
    from mpsearch.values.errors import ModelError

    path = here / "net.keras"
    path.write_bytes(keras_file(network()))
    source = find_model(str(path))
    path.write_bytes(keras_file(LAMBDAS["lambda_of_relu"](here / "marker")))
    with pytest.raises(ModelError, match="changed or replaced since it was inspected"):
        load_keras_model(source)
