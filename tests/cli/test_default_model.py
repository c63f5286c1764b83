"""The bundled network stands in only where nothing else can have been meant, or says so."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mpsearch
from mpsearch.cli.main import run
from mpsearch.export.packed import PackedContents, write_packed
from mpsearch.model.source import BUNDLED_DIGEST
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan
from mpsearch.workbench.packing import pack

NOTE = "mpsearch: note: no --model given: the bundled network of handwritten digits is used\n"


def foreign(path: Path) -> None:
    """A packed file of some other model."""
    layer = WeightLayer(0, "conv", "Conv2D", (WeightTensor("kernel", (3, 3, 1, 2)),))
    kernel = np.ones((3, 3, 1, 2), np.float32)
    write_packed(
        path,
        PackedContents(
            model="0" * 64,
            model_name="theirs",
            layers=[layer],
            weights=lambda _: (kernel,),
            plan=Plan(("conv",), ("fix8",)),
            others=(),
        ),
    )


@pytest.mark.parametrize(
    "argv",
    [
        ["verify", "a.mpq"],
        ["unpack", "a.mpq", "--to", "b.keras"],
        ["verify", "a.mpq", "--metric", "max"],
    ],
)
def test_a_packed_file_of_another_model_needs_that_model(
    here: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    foreign(here / "a.mpq")
    assert run(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("mpsearch: error: packed file 'a.mpq' was made from model 'theirs'")
    assert "with --model" in err
    assert err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["a.mpq"]


@pytest.mark.tf
def test_one_of_the_bundled_network_needs_none(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = mpsearch.load()
    assert bench.model.digest == BUNDLED_DIGEST
    pack(bench.model, Plan.uniform(bench.layer_names, "fix8"), here / "a.mpq")
    assert run(["verify", "a.mpq", "--quiet"]) == 0
    assert run(["unpack", "a.mpq", "--to", "b.keras", "--quiet"]) == 0
    assert zipfile.is_zipfile(here / "b.keras")
    assert capsys.readouterr().err == ""


@pytest.mark.tf
def test_images_without_a_model_get_a_note_and_the_demonstration_none(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (16, 16), 200).save("a.png")
    assert run(["predict", "--images", "a.png"]) == 0
    assert capsys.readouterr().err == NOTE
    (here / "study.toml").write_text('images = ["a.png"]\n')
    assert run(["predict", "study.toml"]) == 0
    assert capsys.readouterr().err == NOTE
    assert run(["predict", "--images", "a.png", "--model", "bundled:digits"]) == 0
    assert run(["predict"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.tf
def test_files_made_without_naming_a_model_get_a_note(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["create", "fl16", "--out", "w", "--quiet"]) == 0
    assert capsys.readouterr().err == NOTE
    (here / "q.py").write_text(f"quanti_array = {['fix8'] * 6}\n")
    assert run(["export", "q.py", "--format", "json", "--to", "out", "--quiet"]) == 0
    assert capsys.readouterr().err == NOTE
    # The file says which model it is of.
    assert run(["export", "out/plan.json", "--to", "again", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
