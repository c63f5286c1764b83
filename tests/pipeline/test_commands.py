"""The other commands, from a model to what they write."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import answer

from mpsearch.cli.main import run

pytestmark = pytest.mark.tf

PROFILE_KEYS = "layers schemes rows uniform cumulative seconds stage_runs profile_file".split()


ROW_KEYS = (
    "layer index scheme nbytes confidence_pct drop_pp drop_max_pp top1_changes predicted_drop_pp"
).split()


def test_predict_prints_three_classes_per_image(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "predict")
    assert len(found["images"]) == 60
    for entry in found["images"]:
        probabilities = [p for _, p in entry["top"]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert len(probabilities) == 3
    assert run(["predict"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"digits_0: \d \(\d+\.\d\d%\) \d \(\d+\.\d\d%\) \d \(\d+\.\d\d%\)", line)
    assert list(here.iterdir()) == []


def test_profile_writes_its_table_and_is_not_measured_twice(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = answer(capsys, "profile", "--out", "p")
    assert set(PROFILE_KEYS) <= set(first)
    assert len(first["rows"]) == 6 * 14
    assert all(set(row) == set(ROW_KEYS) for row in first["rows"])
    assert len(first["cumulative"]) == 6 * 14
    assert (here / "p" / "profile.csv").read_text().count("\n") == 1 + 6 * 14
    kept = (here / "p" / "profile.json").read_bytes()
    second = answer(capsys, "profile", "--out", "p")
    assert second["rows"] == first["rows"]
    assert second["stage_runs"] == first["stage_runs"]
    assert (
        json.loads(kept)["per_layer"]
        == json.loads((here / "p/profile.json").read_text())["per_layer"]
    )


def test_profile_says_where_the_time_went_beside_its_results(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["profile", "--out", "t", "--timings", "--json"]) == 0
    said = capsys.readouterr()
    json.loads(said.out)
    first, network, coding, rest, counts = said.err.strip().splitlines()[-5:]
    assert first.startswith("measuring took ")
    shares = [float(line.split()[-2]) for line in (network, coding, rest)]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert "stage runs" in counts


@pytest.mark.parametrize(
    ("kind", "file", "lines", "pattern"),
    [
        ("uniform", "test.txt", 11, r"\d+ bit : (\d \(\d+\.\d\d%\) ?){3}"),
        (
            "each-layer",
            "check_each_layer.txt",
            72,
            r"(\d layer, \d+ bit : (\d \(\d+\.\d\d%\) ?){3})?",
        ),
        (
            "specific",
            "check_specific.txt",
            6,
            r"0~\d layer, (fix8|fl16) bit : (\d \(\d+\.\d\d%\) ?){3}",
        ),
    ],
)
def test_check_writes_the_original_reports_in_a_folder_per_image(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    file: str,
    lines: int,
    pattern: str,
) -> None:
    extra = ["--quanti-array", str(["fix8", "fl16"] * 3)] if kind == "specific" else []
    found = answer(capsys, "check", kind, "--out", "r", *extra)
    assert len(found["reports"]) == 60
    text = (here / "r" / "digits_0" / file).read_bytes().decode()
    assert text.count("\n") == lines
    assert all(re.fullmatch(pattern, line) for line in text.splitlines())


def test_check_specific_takes_the_search_result(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "search", "--budget", "2", "--trials", "20")
    array = Path(found["study"]) / "quanti_array.py"
    for source in (str(array), found["plan_file"]):
        reports = answer(capsys, "check", "specific", "--quanti-array", source)["reports"]
        last = Path(reports[0]).read_text().splitlines()[-1]
        assert last.startswith(f"0~5 layer, {found['quanti_array'][-1]} bit : ")


def test_create_writes_flat_arrays_the_original_way(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "create", "fix8", "fl16", "bitwiseAnd", "prun_0.005", "--out", "w")
    assert len(found["folders"]) == 1 + 1 + 11 + 1 + 1
    kernel = np.load(here / "w/digits/fix8/fc1_kernel.npy")
    assert (kernel.dtype, kernel.shape) == (np.uint8, (128 * 64,))
    assert np.load(here / "w/digits/fl16/fc1_bias.npy").dtype == np.float16
    masked = np.load(here / "w/digits/bitwiseAnd_16/fc1_kernel.npy")
    original = np.load(here / "w/digits/original/fc1_kernel.npy")
    np.testing.assert_array_equal(
        masked.view(np.uint32), original.view(np.uint32) & np.uint32(0xFFFF0000)
    )
    from mpsearch.model.backend import keras

    folder = here / "w/digits/bitwiseAnd_16"
    model = keras.models.model_from_json((folder / "model.json").read_text())
    model.load_weights(folder / "model.weights.h5")
    np.testing.assert_array_equal(model.get_layer("fc1").kernel.numpy().reshape(-1), masked)


def test_create_takes_a_gray_model_without_an_axis_of_channels(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mpsearch.model.backend import keras

    inputs = keras.Input((8, 9))
    found = keras.layers.Reshape((8, 9, 1))(inputs)
    found = keras.layers.Flatten()(keras.layers.Conv2D(2, 3, name="conv")(found))
    found = keras.layers.Dense(3, activation="softmax", name="dense")(found)
    keras.Model(inputs, found, name="gray").save(here / "gray.keras")
    options = ("--model", "gray.keras", "--out", "w")
    answer(capsys, "create", "original", "fix8", "bitwiseAnd_16", *options)
    conv = np.load(here / "w/gray/original/conv_kernel.npy")
    assert np.load(here / "w/gray/fix8/conv_kernel.npy").shape == conv.shape == (3 * 3 * 1 * 2,)
    folder = here / "w/gray/bitwiseAnd_16"
    model = keras.models.model_from_json((folder / "model.json").read_text())
    model.load_weights(folder / "model.weights.h5")
    assert model.input_shape == (None, 8, 9)
    np.testing.assert_array_equal(
        model.get_layer("conv").kernel.numpy().reshape(-1).view(np.uint32),
        conv.view(np.uint32) & np.uint32(0xFFFF0000),
    )


def test_schemes_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schemes"]) == 0
    out = capsys.readouterr().out
    assert "bitwiseAnd_22" in out
    assert "prun_t" in out
