"""Links that are put into a study's folder while a calibration is kept there."""

import os
from pathlib import Path

import numpy as np
import pytest

from mpsearch.schemes import parse_scheme
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.workbench import calibration_folder
from mpsearch.workbench.calibration_folder import CalibrationFolder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")

KEY, OTHER = "0" * 64, "1" * 16
TENSORS = (WeightTensor("kernel", (3, 4)),)
LAYERS = (WeightLayer(0, "dense", "Dense", TENSORS),)
WEIGHTS = (np.ones((3, 4), np.float32),)
CODES = {"int4c": (parse_scheme("int4c").encode(WEIGHTS[0]),)}
SUMS = {"sum": np.ones(3)}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("swapped", ["calibration", f"calibration/{KEY[:16]}"])
def test_nothing_is_written_through_one(tmp_path: Path, swapped: str) -> None:
    study, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    kept = CalibrationFolder.open(study, KEY, LAYERS)
    assert kept.keep_sums(0, 1, SUMS)
    kept.keep_codes(0, WEIGHTS, CODES)
    assert (0, "int4c") in kept
    written = tree(study)
    assert len(written) == 2
    (study / swapped).rename(elsewhere)
    (study / swapped).symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    assert not kept.keep_sums(0, 2, {"sum": np.full(3, 2.0)})
    kept.keep_codes(0, WEIGHTS, {"int5c": (parse_scheme("int5c").encode(WEIGHTS[0]),)})
    assert (0, "int5c") not in kept
    assert tree(elsewhere) == before


def test_nothing_is_removed_through_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    kept = CalibrationFolder.open(study, KEY, LAYERS)
    for folder in (elsewhere, study / "calibration"):
        (folder / OTHER).mkdir(parents=True)
        (folder / OTHER / "0-inputs.mpq").write_bytes(bytes(5000))
    monkeypatch.setattr(calibration_folder, "MOST", 4000)
    (study / "calibration" / ("2" * 16)).symlink_to(elsewhere / OTHER, target_is_directory=True)
    assert kept.keep_sums(0, 1, SUMS)
    assert not (study / "calibration" / OTHER).exists()  # what is no link is
    (study / "calibration").rename(study / "aside")
    (study / "calibration").symlink_to(elsewhere, target_is_directory=True)
    before = tree(elsewhere)
    again = CalibrationFolder.open(study, KEY, LAYERS)
    again._is_open = True  # as if it had been opened before the link was put there
    assert not again.keep_sums(0, 1, SUMS)
    assert tree(elsewhere) == before
    assert len(before) == 1
