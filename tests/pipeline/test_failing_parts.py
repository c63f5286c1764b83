"""One format, scheme or report that fails does not take the others with it."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import answer

import mpsearch
from mpsearch.cli.main import run
from mpsearch.model.backend import keras
from mpsearch.values.errors import SchemeError
from mpsearch.values.plan import Plan

pytestmark = pytest.mark.tf


@pytest.fixture
def no_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which LiteRT's packages can be neither found nor imported."""
    for name in ("ai_edge_litert", "ai_edge_quantizer"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def plan(here: Path) -> str:
    (here / "q.py").write_text(f"quanti_array = {['fix8'] * 6}\n")
    return "q.py"


def error_line(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Standard output, and the only error on the other."""
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("mpsearch: error: ")]
    assert len(errors) == 1
    return said.out, errors[0]


@pytest.mark.usefixtures("no_litert")
@pytest.mark.parametrize("formats", [("litert", "packed", "json"), ("packed", "litert", "json")])
def test_without_its_package_a_format_is_named_and_the_others_are_written(
    here: Path, capsys: pytest.CaptureFixture[str], plan: str, formats: tuple[str, ...]
) -> None:
    assert run(["export", plan, "--format", *formats, "--to", "out", "--quiet"]) == 2
    out, error = error_line(capsys)
    assert sorted(out.split()) == ["out/digits.mpq", "out/plan.json"]
    assert sorted(path.name for path in (here / "out").iterdir()) == ["digits.mpq", "plan.json"]
    assert "ai_edge_litert" in error
    assert "pip install 'mpsearch[litert]'" in error
    assert run(["verify", "out/digits.mpq", "--quiet"]) == 0


@pytest.mark.usefixtures("no_litert")
def test_json_says_which_failed(capsys: pytest.CaptureFixture[str], plan: str) -> None:
    found = answer(capsys, "export", plan, "--format", "litert,json", "--to", "out", code=2)
    assert list(found["files"]) == ["json"]
    assert "ai_edge_litert" in found["failed"]["litert"]
    assert run(["export", plan, "--format", "litert", "--to", "none", "--quiet"]) == 2
    assert not Path("none").exists()


def test_a_format_that_the_disk_refuses_ends_with_3(
    here: Path, capsys: pytest.CaptureFixture[str], plan: str
) -> None:
    (here / "out").mkdir()
    (here / "out/digits.mpq").mkdir()  # nothing can be put in its place
    assert run(["export", plan, "--format", "packed,json", "--to", "out", "--quiet"]) == 3
    out, error = error_line(capsys)
    assert out == "out/plan.json\n"
    assert "digits.mpq" in error


@pytest.fixture
def large_weight(here: Path) -> list[str]:
    """Options for a model of which fl16 cannot store one layer."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(4), layers.Dense(2, "softmax")]
    )
    rng = np.random.default_rng(0)
    weights: list[Any] = [rng.normal(0, 0.1, w.shape) for w in model.get_weights()]
    weights[0][0, 0] = 1e6
    model.set_weights(weights)
    model.save(here / "m.keras")
    np.savez(here / "x.npz", x=np.full((1, 3, 3, 1), 3, np.uint8))
    return ["--model", "m.keras", "--quiet"]


def test_a_scheme_that_refuses_a_layer_leaves_the_others_to_create_and_check(
    here: Path, capsys: pytest.CaptureFixture[str], large_weight: list[str]
) -> None:
    assert run(["create", "fl16", "fix8", "--out", "w", *large_weight]) == 2
    out, error = error_line(capsys)
    assert out.strip().endswith("/fix8")
    assert "fl16" in error
    assert "1000000.0" in error
    assert [path.name for path in next((here / "w").iterdir()).iterdir()] == ["fix8"]
    images = ["--images", "x.npz", "--preprocess", "raw", "--schemes", "fl16,fix8"]
    assert run(["check", "uniform", *images, *large_weight]) == 2
    out, error = error_line(capsys)
    assert "fl16" in error
    assert [line.split()[0] for line in Path("test.txt").read_text().splitlines()] == ["fix8"]
    assert run(["check", "each-layer", *images, *large_weight]) == 2
    text = Path("check_each_layer.txt").read_text()
    assert [line.split(" bit")[0] for line in text.splitlines() if line] == [
        "0 layer, fix8",
        "1 layer, fl16",
        "1 layer, fix8",
    ]
    capsys.readouterr()
    Path("test.txt").unlink()
    alone = [*images[:-1], "fl16"]
    assert run(["check", "uniform", *alone, *large_weight]) == 2
    error_line(capsys)
    assert not Path("test.txt").exists()


def test_a_plan_that_cannot_be_stored_leaves_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], large_weight: list[str]
) -> None:
    (here / "q.py").write_text("quanti_array = ['fl16', 'fix8']\n")
    argv = ["export", "q.py", "--format", "npy,quanti_array", "--to", "out", *large_weight]
    assert run(argv) == 2
    out, error = error_line(capsys)
    assert (out, "fl16" in error) == ("", True)
    bench = mpsearch.load("m.keras", "x.npz", preprocess="raw")
    wrong = Plan(bench.layer_names, ("fl16", "fix8"))
    with pytest.raises(SchemeError, match="fl16"):
        mpsearch.export_plan(bench, wrong, here / "a", ["npy", "quanti_array"])
    assert [path.name for path in (here / "a").iterdir()] == ["quanti_array.py"]
