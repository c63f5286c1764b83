"""A calibrated search from images to files: the weights measured are the weights exported."""

import json
from pathlib import Path

import numpy as np
import pytest
import zoo
from command_line import answer

import mpsearch
from mpsearch.api.verify import verify
from mpsearch.cli.main import run
from mpsearch.export.packed import PackedFile
from mpsearch.model.plain_forward import plain_forward
from mpsearch.values.errors import PlanError, SettingError
from mpsearch.values.plan import Plan
from mpsearch.workbench.calibrate import calibrated
from mpsearch.workbench.calibrated_weights import stored
from mpsearch.workbench.held_back import held_back
from mpsearch.workbench.packing import unpacked_model
from mpsearch.workbench.workbench import Workbench

pytestmark = pytest.mark.tf

MENU = ("original", "fix8", "int4c", "int3c", "e2m1", "dfix4", "km3")
# Between them, networks with every kind of layer.
ALL_KINDS = {"mobile", "nested", "every_kind", "pools", "attention"}


def few_digits(folder: Path, changed: bool = False) -> Workbench:
    """Nine digits, three of which are held back; *changed* are those three alone."""
    with np.load(mpsearch.__path__[0] + "/model/bundled/digits.npz") as archive:
        x = archive["x"][:9].copy()
    if changed:
        held = held_back(9, None)
        x[held] = np.rot90(x[held], axes=(1, 2))
    path = folder / "nine.npz"
    np.savez(path, x=x)
    return mpsearch.load(images=path)


def search(bench: Workbench, folder: Path, name: str = "search") -> mpsearch.SearchResult:
    return mpsearch.find_plan(
        bench, budget_pp=1, schemes=MENU, calibrate=True, trials=25, folder=folder, study_name=name
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("calibrated")
    schemes = ",".join(MENU)
    argv = ["search", "--budget", "1", "--schemes", schemes, "--calibrate", "--trials", "25"]
    assert run([*argv, "--out", str(folder), "--quiet"]) == 0
    return folder


def test_the_drop_reported_is_that_of_the_weights_in_the_file(tmp_path: Path) -> None:
    bench = few_digits(tmp_path)
    result = search(bench, tmp_path)
    assert result.feasible
    with PackedFile.open(tmp_path / "plan.mpq") as packed:
        assert packed.header.nbytes == result.nbytes
        assert any(entry.calibrated for entry in packed.header.tensors)
        model = unpacked_model(packed, bench.model)
    rows = np.setdiff1d(np.arange(9), held_back(9, None))
    work = bench.of_images(rows)
    assert result.search.images == len(rows)
    before = work.plain_forward(work.model.original)
    after = work.model.network.probabilities(plain_forward(model, work.inputs))
    assert work.drop(before, after, "mean").drop_pp == result.drop_pp


def test_images_held_back_say_nothing_to_the_calibration(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a", tmp_path / "b"
    ours.mkdir()
    theirs.mkdir()
    one = search(few_digits(ours), ours)
    other = search(few_digits(theirs, changed=True), theirs)
    assert one.plan == other.plan
    assert one.verify != other.verify
    assert (ours / "plan.mpq").read_bytes() == (theirs / "plan.mpq").read_bytes()


def test_calibrated_plans_lose_less(tmp_path: Path) -> None:
    bench = mpsearch.load()
    better = bench.with_model(calibrated(bench))
    for scheme in ("int3c", "e2m1", "dfix3", "km2"):
        plan = Plan.uniform(bench.layer_names, scheme)
        (plain,), (ours,) = bench.measure([plan]), better.measure([plan])
        assert ours.nbytes == plain.nbytes
        assert ours.confidence.mean() > plain.confidence.mean()
    untouched = Plan.uniform(bench.layer_names, "fix8")
    (plain,), (ours,) = bench.measure([untouched]), better.measure([untouched])
    np.testing.assert_array_equal(plain.confidence, ours.confidence)


def test_measured_plans_are_neither_taken_from_nor_given_to_plain_searches(tmp_path: Path) -> None:
    """In one storage, of one model and images."""
    bench = few_digits(tmp_path)
    plain = mpsearch.find_plan(
        bench, budget_pp=1, schemes=MENU, trials=25, folder=tmp_path, study_name="plain"
    )
    result = search(bench, tmp_path)
    assert result.nbytes < plain.nbytes
    again = search(bench, tmp_path, "again")
    assert (again.plan, again.measurements) == (result.plan, 0)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "name",
    [
        name if name in ALL_KINDS else pytest.param(name, marks=pytest.mark.long)
        for name in (*zoo.ZOO, "attention")
    ],
)
def test_any_network_is_calibrated_packed_and_read_again(name: str, tmp_path: Path) -> None:
    _, bench = zoo.saved(name, count=4)
    model = calibrated(bench)
    menu = np.random.default_rng(4).choice(MENU, len(bench.layers))
    plan = Plan(bench.layer_names, tuple(map(str, menu)))
    for coding in ("none", "entropy"):
        folder = tmp_path / coding
        mpsearch.export_plan(model, plan, folder, ["json", "keras"], coding=coding)
        found = verify(folder / "plan.mpq", bench)
        assert found.bit_exact
        assert found.sizes.nbytes == model.coded(coding).nbytes(plan)
        again = stored(bench.model, plan, folder / "plan.mpq")
        for layer, scheme in enumerate(plan.schemes):
            pairs = zip(
                again.bank.decoded(layer, scheme), model.bank.decoded(layer, scheme), strict=True
            )
            assert all(np.array_equal(one, other) for one, other in pairs)


def test_every_format_has_the_weights_of_the_file(study: Path, tmp_path: Path) -> None:
    formats = ["packed", "npy", "keras", "json", "quanti_array"]
    argv = ["export", str(study), "--format", *formats, "--to", str(tmp_path), "--quiet"]
    assert run(argv) == 0
    kept = (study / "plan.mpq").read_bytes()
    assert (tmp_path / "digits.mpq").read_bytes() == kept
    assert (tmp_path / "plan.mpq").read_bytes() == kept
    assert json.loads((tmp_path / "plan.json").read_text())["calibrated"] is True
    bench = mpsearch.load(str(tmp_path / "digits.keras"), _digits(), preprocess="unit")
    with PackedFile.open(study / "plan.mpq") as packed:
        for layer in bench.layers:
            for tensor, weights in zip(
                layer.tensors, bench.model.network.weights(layer.index), strict=True
            ):
                (entry,) = [
                    one
                    for one in packed.header.tensors
                    if (one.layer, one.tensor) == (layer.name, tensor.name)
                ]
                expected = packed.weights(entry)
                np.testing.assert_array_equal(weights, expected)
                if entry.scheme != "fix8":  # of which the folder holds codes
                    file = tmp_path / "digits" / entry.scheme / f"{layer.name}_{tensor.name}.npy"
                    np.testing.assert_array_equal(np.load(file), expected.reshape(-1))


def test_verify_says_what_it_cannot_compare(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "verify", str(study / "plan.mpq"))
    assert found["bit_exact"]
    assert 0 < found["calibrated_tensors"] <= found["tensors"]
    assert found["drop_pp"] >= 0
    assert run(["verify", str(study / "plan.mpq"), "--quiet"]) == 0
    assert "cannot confirm them" in capsys.readouterr().out


def test_the_same_command_resumes(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (study / "plan.mpq").read_bytes()
    one, other = (answer(capsys, "search", str(study / "study.toml")) for _ in range(2))
    assert one["calibrated"]
    assert one["trials"] == other["trials"] > 0
    assert (study / "plan.mpq").read_bytes() == before


def test_a_plan_without_its_weights_is_refused(study: Path, tmp_path: Path) -> None:
    bench = mpsearch.load()
    document = json.loads((study / "plan.json").read_text())
    plan = Plan.from_mapping(bench.layer_names, document["plan"])
    with pytest.raises(PlanError, match=r"plan\.mpq.*not there"):
        stored(bench.model, plan, tmp_path / "plan.mpq")
    other = Plan.uniform(bench.layer_names, "int4c")
    with pytest.raises(PlanError, match="another calibrated plan"):
        stored(bench.model, other, study / "plan.mpq")
    assert stored(bench.model, plan, study / "plan.mpq").nbytes(plan) == document["nbytes"]


def test_three_images_are_too_few(tmp_path: Path) -> None:
    bench = few_digits(tmp_path).of_images(np.arange(4))
    with pytest.raises(SettingError, match="needs 4 images to search on, there are 3"):
        search(bench, tmp_path)


def _digits() -> str:
    return mpsearch.__path__[0] + "/model/bundled/digits.npz"
