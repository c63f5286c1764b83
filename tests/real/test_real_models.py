"""Real trained networks and photographs: the engine against predict, and the known answers."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mpsearch
from mpsearch.cli.main import run
from mpsearch.values.plan import Plan

DATA = Path(os.environ.get("MPSEARCH_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.tf,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(
        not (DATA / "models").is_dir(), reason=f"no real models in {DATA}; set MPSEARCH_REAL_DATA"
    ),
]

MENU = ("original", "bitwiseAnd_16", "bitwiseAnd_19", "bitwiseAnd_21", "fl16", "fix8")
SQUEEZENET = str(DATA / "models" / "squeezenet11_imagenet.keras")
MUG = str(DATA / "images" / "mug.jpg")
ELEPHANT = str(DATA / "images" / "elephant.jpg")
MODELS = {
    "squeezenet11_imagenet.keras": ("caffe", [MUG, ELEPHANT]),
    "efficientnet_lite0_imagenet.keras": ("0.0078125,-0.9921875", [MUG]),
    "mobilenetv1_050_160_dequant_imagenet.keras": ("0.0078125,-1", [MUG, ELEPHANT]),
    "resnet8_cifar10.keras": ("raw", [MUG, ELEPHANT]),
    "resnet8_cifar10_original.h5": ("raw", [MUG, ELEPHANT]),
    "doodlenet_quickdraw345.keras": ("unit", [MUG, ELEPHANT]),
    "vww96_mobilenet025.keras": ("unit", [MUG, ELEPHANT]),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_engine_equals_set_weights_and_predict(name: str) -> None:
    preprocess, images = MODELS[name]
    bench = mpsearch.load(str(DATA / "models" / name), images, preprocess=preprocess, resize="crop")
    names = bench.layer_names
    rng = np.random.default_rng(0)
    base = Plan.uniform(names, "original")
    plans = [Plan.uniform(names, scheme) for scheme in MENU]
    plans += [base.replace(str(k), str(s)) for k in rng.choice(names, 4) for s in MENU[1:]]
    plans += [Plan(names, tuple(str(s) for s in rng.choice(MENU, len(names)))) for _ in range(4)]
    found = bench.measure(plans)
    rows = np.arange(len(images))
    for i in [0, *rng.choice(len(plans), 6, replace=False)]:
        expected = bench.plain_forward(plans[i])[rows, bench.engine.reference]
        np.testing.assert_allclose(found[i].confidence, expected, atol=5e-6, rtol=0)


@pytest.mark.parametrize(
    ("resize", "line"),
    [
        ("squash", "coffee_mug (46.44%) coffeepot (36.11%)"),
        ("crop", "coffee_mug (96.98%) cup (1.45%) coffeepot (0.84%)"),
    ],
)
def test_the_mug_is_a_coffee_mug(
    resize: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["predict", "--model", SQUEEZENET, "--images", MUG, "--preprocess", "caffe"]
    assert run([*argv, "--resize", resize]) == 0
    assert capsys.readouterr().out.startswith(line)


def test_a_search_on_the_mug_halves_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["search", "--model", SQUEEZENET, "--images", MUG, "--preprocess", "caffe"]
    argv += ["--resize", "crop", "--budget", "2", "--out", str(tmp_path), "--json", "--quiet"]
    assert run(argv) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["feasible"]
    assert found["drop_pp"] <= 2
    assert found["ratio"] > 2.2
    assert found["nbytes"] < found["ladder"]["uniform"]["nbytes"]


def test_squeezenet_from_pypi_is_the_same_network(tmp_path: Path) -> None:
    import runpy
    import sys

    pytest.importorskip("skimage")
    script = Path(__file__).parents[2] / "scripts" / "get_squeezenet.py"
    target = tmp_path / "squeezenet.keras"
    argv, sys.argv = sys.argv, [str(script), "--to", str(target)]
    try:
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = argv
    assert ended.value.code in {0, None}
    ours = mpsearch.load(str(target), MUG, preprocess="caffe")
    theirs = mpsearch.load(SQUEEZENET, MUG, preprocess="caffe")
    np.testing.assert_allclose(
        ours.engine.baseline_probabilities, theirs.engine.baseline_probabilities, atol=1e-6
    )
    assert ours.layer_names == theirs.layer_names
