"""LiteRT models: every kernel is found again, stored as asked, and computed with."""

from pathlib import Path

import numpy as np
import pytest
import zoo

import mpsearch
from mpsearch.api.litert import write_litert
from mpsearch.export.litert import Storage, run_litert, storage_of, to_litert
from mpsearch.model.plain_forward import plain_forward
from mpsearch.model.weight_layers import weight_layers
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.values.errors import ModelError
from mpsearch.values.plan import Plan

pytestmark = [
    pytest.mark.tf,
    # ai-edge-litert and ai-edge-quantizer; nothing of ours does.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# LiteRT has no operators for half-precision computation.
REFUSED = {"mixed", "half"}
# LiteRT computes 3-D convolutions, but its quantizer does not know them.
WITHOUT = {"every_kind": {"cube", "uncube"}}
# The converter runs random augmentation where Keras does not.
RANDOM = {"augmented"}


@pytest.mark.parametrize(
    ("name", "storage"),
    [
        (name, storage)
        if (number + turn) % 3 == 0 or name == "every_kind"
        else pytest.param(name, storage, marks=pytest.mark.long)
        for number, name in enumerate(sorted(set(zoo.ZOO) - REFUSED))
        for turn, storage in enumerate(("float32", "float16", "int8"))
    ],
)
def test_every_layer_of_every_network_is_stored_as_asked(name: str, storage: Storage) -> None:
    model = zoo.make(name)
    live = weight_layers(model)
    layers = [one.layer for one in live]
    x = zoo.images_for(model, 3)
    expected = np.asarray(model(x))
    weights = [[array.copy() for array in one.weights()] for one in live]
    made = to_litert(model, layers, weights, [storage] * len(layers))
    missing = set(made.unmatched)
    if storage != "float32":
        assert missing == WITHOUT.get(name, set())
        assert {s for s, k in zip(made.storages, layers, strict=True) if k.name not in missing} == {
            storage
        }
    if name not in RANDOM:
        tolerance = {"float32": 1e-5, "float16": 1e-3, "int8": 2e-2}[storage]
        np.testing.assert_allclose(run_litert(made, x), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("masked", set()),
        ("tokens", {"table", "words"}),
        ("attention", {"joined", "places"}),
    ],
)
def test_sequences_are_converted_and_what_is_not_stored_as_asked_is_named(
    name: str, missing: set[str]
) -> None:
    """Loops need to know the batch; embeddings and some sums are no operators with weights."""
    model = zoo.make(name)
    live = weight_layers(model)
    layers = [one.layer for one in live]
    x = zoo.images_for(model, 2)
    expected = plain_forward(model, x)
    made = to_litert(model, layers, [one.weights() for one in live], ["int8"] * len(layers))
    assert set(made.unmatched) == missing
    assert {k.name for s, k in zip(made.storages, layers, strict=True) if s == "int8"} == {
        layer.name for layer in layers
    } - missing
    np.testing.assert_allclose(run_litert(made, x), expected, atol=2e-2, rtol=0)


def test_layers_are_stored_one_by_one_and_the_file_shrinks() -> None:
    sizes = []
    for storages in (("float32",) * 4, ("float16", "int8", "int8", "float32")):
        model = zoo.make("vgg")
        live = weight_layers(model)
        weights = [[array.copy() for array in one.weights()] for one in live]
        made = to_litert(model, [one.layer for one in live], weights, storages)
        assert made.storages == storages
        sizes.append(len(made.data))
    kernels = [array[0].size for array in weights]
    saved = 2 * kernels[0] + 3 * kernels[1] + 3 * kernels[2]
    assert sizes[0] - sizes[1] > 0.5 * saved


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_converter_cannot_take_is_refused_in_words(name: str) -> None:
    model = zoo.make(name)
    live = weight_layers(model)
    with pytest.raises(ModelError, match="LiteRT's converter cannot take this model"):
        to_litert(
            model,
            [one.layer for one in live],
            [one.weights() for one in live],
            ["int8"] * len(live),
        )


def test_schemes_become_the_form_of_their_bits() -> None:
    found = {name: storage_of(parse_scheme(name)) for name in (*DOCUMENTED, "prun_0.1")}
    assert found["original"] == found["bitwiseAnd_8"] == found["prun_0.1"] == "float32"
    assert found["fl16"] == found["bitwiseAnd_16"] == found["bitwiseAnd_22"] == "float16"
    assert found["fix8"] == "int8"
    more = {
        name: storage_of(parse_scheme(name)) for name in ("int4c", "km6", "bf16", "prun50_e4m3")
    }
    assert more == {"int4c": "int8", "km6": "int8", "bf16": "float16", "prun50_e4m3": "int8"}


def test_a_report_says_what_became_of_the_plan(tmp_path: Path) -> None:
    bench = mpsearch.load()
    schemes = ("fl16", "fix8", "bitwiseAnd_20", "original", "fix8", "prun_0.01")
    plan = Plan(bench.layer_names, schemes)
    report = write_litert(bench, plan, tmp_path / "d.tflite")
    assert report.file_nbytes == (tmp_path / "d.tflite").stat().st_size
    assert list(report.storages.values()) == [
        "float16", "int8", "float16", "float32", "int8", "float32",
    ]  # fmt: skip
    assert report.mapping["fix8"] == "int8"
    assert report.unmatched == ()
    assert report.packed_nbytes == bench.model.nbytes(plan)
    assert report.drop is not None
    assert report.plan_drop is not None
    # Rounded, with a scale per channel, int8 is gentler than fix8.
    assert 0 <= report.drop.drop_pp < report.plan_drop.drop_pp
    assert write_litert(bench.model, plan, tmp_path / "e.tflite").drop is None


def test_it_is_compared_with_the_bytes_of_the_plans_own_coding(tmp_path: Path) -> None:
    bench = mpsearch.load()
    plan = Plan.uniform(bench.layer_names, "fix8")
    found = mpsearch.export_plan(bench, plan, tmp_path, ["litert"], coding="entropy").litert
    assert found is not None
    assert found.packed_nbytes == bench.model.coded("entropy").nbytes(plan)
    assert found.packed_nbytes < bench.model.nbytes(plan)
