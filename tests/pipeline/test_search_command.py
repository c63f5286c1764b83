"""The search command, from a model to a plan."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import answer

from mpsearch.cli.main import run

pytestmark = pytest.mark.tf

SEARCH_KEYS = (
    "quanti_array plan nbytes other_bytes original_nbytes ratio metric budget_pp "
    "baseline_confidence_pct confidence_pct drop_pp feasible verify measurements "
    "screening_measurements trials seconds bound_nbytes one_change_optimal proved_optimal ladder "
    "study storage plan_file"
).split()


def test_search_keeps_the_budget_in_a_model_that_keras_loads(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "search", "--budget", "2", "--holdout", "0")
    assert set(SEARCH_KEYS) <= set(found)
    assert found["feasible"]
    assert found["drop_pp"] <= 2
    assert found["nbytes"] < found["ladder"]["uniform"]["nbytes"] < found["original_nbytes"]
    assert list(found["plan"].values()) == found["quanti_array"]
    assert json.loads(Path(found["plan_file"]).read_text())["nbytes"] == found["nbytes"]
    assert Path(found["study"], "best.json").is_file()

    assert run(["export", found["study"], "--format", "keras", "json", "--to", "out"]) == 0
    capsys.readouterr()
    from mpsearch.model.backend import keras

    model = keras.saving.load_model("out/digits.keras")
    with np.load(Path(__file__).parents[2] / "mpsearch/model/bundled/digits.npz") as digits:
        p = model.predict(digits["x"].astype(np.float32) / 255, verbose=0)
    assert 100 * np.maximum(0, _baseline() - p[np.arange(60), _classes()]).mean() == pytest.approx(
        found["drop_pp"], abs=1e-3
    )
    exported = json.loads((here / "out/plan.json").read_text())
    assert exported["plan"] == found["plan"]


def _baseline() -> Any:
    return _digits().max(axis=1)


def _classes() -> Any:
    return _digits().argmax(axis=1)


def _digits() -> Any:
    from mpsearch.model.backend import keras

    folder = Path(__file__).parents[2] / "mpsearch/model/bundled"
    model = keras.saving.load_model(folder / "digits.keras")
    with np.load(folder / "digits.npz") as digits:
        return model.predict(digits["x"].astype(np.float32) / 255, verbose=0)


def test_the_same_search_again_measures_nothing_and_says_the_same(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = answer(capsys, "search", "--budget", "3", "--study-name", "mine", "--trials", "25")
    second = answer(capsys, "search", "--budget", "3", "--study-name", "mine", "--trials", "25")
    assert first.pop("seconds") > 0
    assert second.pop("seconds") > 0
    for found in (first, second):  # of this run, not of the study
        found.pop("gradient_passes")
    assert first == second
    assert run(["studies"]) == 0
    assert "mine: " in capsys.readouterr().out


def test_a_search_keeps_its_result_for_reports(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "search", "--budget", "2", "--trials", "20", "--out", "kept")
    kept = json.loads((here / "kept" / "result.json").read_text())
    places = {"study", "storage", "plan_file"}
    assert {key: kept[key] for key in found if key not in places} == {
        key: value for key, value in found.items() if key not in places
    }
    assert sum(layer["nbytes"] for layer in kept["subject"]["layers"]) == found["nbytes"]
    assert kept["subject"]["name"] == "digits"
    (here / "kept" / "study.toml").write_text(kept["settings"])
    again = answer(capsys, "search", "kept")
    assert (again["plan"], again["trials"]) == (found["plan"], found["trials"])
    reported = answer(capsys, "report", "kept")
    assert reported["sentence"].startswith("digits shrinks from 101 kB to ")
    assert len(reported["left_out"]) == 1


def test_a_budget_nobody_can_meet_gives_the_nearest_plan(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "search", "--budget", "0", "--schemes", "bitwiseAnd_22,fix8", code=4)
    assert not found["feasible"]
    assert found["drop_pp"] > 0
    assert Path(found["plan_file"]).is_file()
    assert "nearest" in found["reason"]


def test_a_study_file_says_everything(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = here / "studies" / "mine"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(
        'budget = 4\nmetric = "p95"\nschemes = ["original", "fl16", "fix8"]\ntrials = 20\n'
    )
    found = answer(capsys, "search", "studies/mine")
    assert (found["budget_pp"], found["metric"]) == (4, "p95")
    assert set(found["quanti_array"]) <= {"original", "fl16", "fix8"}
    assert found["study"] == "studies/mine"
    assert found["trials"] <= 20


def test_a_long_menu_finds_smaller_plans_that_are_packed_and_proved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--budget", "1", "--holdout", "0", "--trials", "40", "--out", "s")
    plain = answer(capsys, "search", *options)
    found = answer(capsys, "search", *options, "--schemes", "extended")
    assert found["feasible"]
    assert found["nbytes"] < 0.6 * plain["nbytes"]
    assert found["dominated"] > 50
    assert plain["dominated"] == 0
    assert run(["export", "s", "--format", "packed", "keras", "--to", "e"]) == 0
    capsys.readouterr()
    (file,) = Path("e").glob("*.mpq")
    proof = answer(capsys, "verify", str(file))
    assert proof["bit_exact"]
    assert proof["nbytes"] == found["nbytes"]
    assert proof["drop_pp"] == pytest.approx(found["drop_pp"], abs=1e-3)
    assert run(["search", *options, "--schemes", "extended"]) == 0
    assert "schemes of layers: others beat them in bytes and error" in capsys.readouterr().out


def test_the_mirror_keeps_a_size_and_the_front_answers_budgets_at_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = answer(capsys, "search", "--ratio", "3", "--trials", "20")
    assert small["feasible"]
    assert small["ratio"] >= 3
    assert small["max_nbytes"] == small["original_nbytes"] // 3
    front = answer(capsys, "search", "--pareto", "--trials", "24")
    assert [p["nbytes"] for p in front["front"]] == sorted(p["nbytes"] for p in front["front"])
    for budget in ("0.5", "5"):
        again = answer(capsys, "search", "--pareto", "--trials", "24", "--budget", budget)
        assert again["trials"] == front["trials"]
        assert again["drop_pp"] <= float(budget)
        tested = reversed(front["front"])  # from the gentlest on, up to the first that fails
        bounds = {p["nbytes"]: p["bound_pp"] for p in tested}
        passed = itertools.takewhile(float(budget).__ge__, bounds.values())
        assert again["nbytes"] == list(bounds)[len(list(passed)) - 1]


def test_layers_can_be_locked_forbidden_and_tied(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(
        capsys, "search", "--budget", "3", "--trials", "15",
        "--lock", "fc1=fl16", "--forbid", "block1_*=fix8,bitwiseAnd_22", "--tie", "block2_*",
    )  # fmt: skip
    plan = found["plan"]
    assert plan["fc1"] == "fl16"
    assert plan["block2_conv1"] == plan["block2_conv2"]
    assert not {plan["block1_conv1"], plan["block1_conv2"]} & {"fix8", "bitwiseAnd_22"}
    assert run(["search", "--budget", "3", "--lock", "conv9=fl16", "--quiet"]) == 2
    assert "lock 'conv9' matches no weight layer" in capsys.readouterr().err
    written = (Path(found["study"]) / "study.toml").read_text()
    again = answer(capsys, "search", found["study"], "--trials", "15")
    assert again["plan"] == plan
    assert "lock" in written


def test_held_back_images_are_reported_and_can_bind(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_searched = ("search", "--budget", "2", "--trials", "12", "--budget-on", "search")
    found = answer(capsys, *on_searched)
    assert found["search"]["images"] == 40
    assert found["verify"]["images"] == 20
    assert found["promise"] is None
    assert found["search"]["drop_pp"] == found["drop_pp"]
    low, high = found["verify"]["interval"]
    assert low <= found["verify"]["drop_pp"] <= high <= found["verify"]["worst_pp"]
    bound = answer(capsys, "search", "--budget", "2", "--trials", "12")
    assert bound["feasible"]
    assert (bound["search"]["images"], bound["verify"]["images"]) == (10, 50)
    assert bound["verify"]["drop_pp"] == bound["drop_pp"]
    assert bound["drop_pp"] < bound["promise"]["bound_pp"] <= 2
    alone = answer(capsys, "search", "--budget", "2", "--holdout", "0", "--trials", "12")
    assert alone["verify"] is None


def test_a_dry_run_writes_nothing_and_says_what_to_expect(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = answer(capsys, "search", "--budget", "2", "--dry-run")
    assert len(expected["layers"]) == 6
    assert expected["plans"] == 14**6
    assert expected["measurements"] == 200
    assert expected["seconds"] > 0
    assert run(["search", "--budget", "2", "--dry-run"]) == 0
    assert "held back" in capsys.readouterr().out
    assert list(here.iterdir()) == []


def test_others_can_be_compared_with(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(
        capsys, "search", "--budget", "2", "--compare", "greedy,random,tpe,nsga2",
        "--budget-on", "search",
    )  # fmt: skip
    methods = {"original", "uniform", "int8c", "greedy", "random", "tpe", "nsga2"}
    assert set(found["ladder"]) == methods
    for name, rung in found["ladder"].items():
        if name == "int8c":  # not on the menu
            continue
        assert rung["nbytes"] is None or rung["nbytes"] >= found["nbytes"]
    assert found["one_change_optimal"]
    assert found["bound_nbytes"] <= found["nbytes"]
    best = json.loads(Path(found["study"], "best.json").read_text())
    assert best["nbytes"] == found["nbytes"]


def test_a_profile_is_used_where_there_is_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["profile", "--out", "p", "--quiet"]) == 0
    capsys.readouterr()
    found = answer(capsys, "search", "--budget", "2", "--out", "p")
    assert found["screening_measurements"] == 6 * 14
    assert found["feasible"]


def test_brute_proves_its_plan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(
        capsys, "search", "--budget", "2", "--sampler", "brute", "--schemes",
        "original,fl16,bitwiseAnd_20,fix8", "--lock", "block1_*=fl16", "--lock", "predictions=fl16",
    )  # fmt: skip
    assert found["promise"] is None  # a proof is about the images that it was made on
    assert found["proved_optimal"]
    ours = answer(
        capsys, "search", "--budget", "2", "--schemes", "original,fl16,bitwiseAnd_20,fix8",
        "--lock", "block1_*=fl16", "--lock", "predictions=fl16", "--study-name", "ours",
        "--budget-on", "search",
    )  # fmt: skip
    assert not ours["proved_optimal"]
    assert found["nbytes"] == ours["nbytes"]


def test_what_would_fail_after_a_search_is_refused_before_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv, words in (
        (["--metric", "accuracy"], "needs the true classes of the images"),
        (
            ["--compare", "greedy", "--schemes", "fl16,fix8"],
            "greedy starts from original",
        ),
    ):
        assert run(["search", "--budget", "2", "--quiet", *argv]) == 2
        assert words in capsys.readouterr().err
    assert list(here.rglob("study.db")) == []


def test_a_size_nobody_can_keep_gives_the_smallest_plan(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "search", "--max-bytes", "3000", "--schemes", "fl16,fix8", code=4)
    assert not found["feasible"]
    assert set(found["quanti_array"]) == {"fix8"}
    assert "25,274" in found["reason"]


def test_another_budget_metric_and_menu_go_on_from_what_was_measured(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = ("--study-name", "mine")
    first = answer(capsys, "search", "--pareto", *name)
    for more in (["--budget", "3"], ["--budget", "3", "--metric", "net"]):
        again = answer(capsys, "search", *more, *name)
        assert again["feasible"]
        assert again["study"] == first["study"]
        assert again["measurements"] <= 1  # a uniform plan that the front did not need
    best = json.loads(Path(first["study"], "best.json").read_text())
    assert best["budget_pp"] == 3
