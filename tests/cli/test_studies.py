"""What ``mpsearch studies`` says of folders."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import answer
from made_study import MadeStudy

from mpsearch.cli.main import run
from mpsearch.export.plan_json import PlanFile
from mpsearch.propose.goal import Goal
from mpsearch.search.result import SearchResult


def made(folder: Path, goal: Goal, drop_pp: float = 0.5, **changed: Any) -> SearchResult:
    """A finished study whose result has some fields changed, and a plan of that drop."""
    folder.mkdir()
    study = MadeStudy(folder, goal=goal)
    study.write_trials()
    result = study.write_result(result=replace(study.result(), **changed))
    plan = PlanFile(result.plan, "m", result.nbytes, drop_pp, goal.metric, result.budget_pp)
    (folder / "plan.json").write_text(plan.to_json())
    return result


def said(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["studies", "."]) == 0
    return capsys.readouterr().out


def row(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (found,) = answer(capsys, "studies", ".")["studies"]
    return dict(found)


def test_a_plan_that_keeps_its_budget_is_said_with_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = made(here / "a", Goal("mean", 2.0))
    line = said(capsys)
    assert "24 trials" in line
    assert f"{result.nbytes:,} bytes, {result.ratio:.2f} times smaller" in line
    assert " of 2 pp (mean)" in line
    found = row(capsys)
    assert (found["feasible"], found["reason"], found["trials"]) == (True, "", 24)
    assert found["ratio"] == pytest.approx(result.ratio)


@pytest.mark.parametrize(
    ("goal", "budget_pp", "limit"),
    [
        (Goal("mean", 0.4), 0.4, "OVER the budget of 0.4 pp: "),
        (Goal("max", None, 100), None, "OVER the size of 12,100 bytes: "),
        (Goal("p95"), 0.4, "OVER the budget of 0.4 pp: "),
        (Goal("mean", 90.0), 90.0, "OVER the budget of 90 pp on unseen images: "),
    ],
)
def test_a_plan_that_breaks_what_was_asked_is_said_to(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    goal: Goal,
    budget_pp: float | None,
    limit: str,
) -> None:
    made(here / "a", goal, budget_pp=budget_pp, feasible=False, reason="none is")
    assert limit in said(capsys)
    found = row(capsys)
    assert (found["feasible"], found["reason"]) == (False, "none is")


def test_without_a_result_the_plan_itself_says_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(here / "a", Goal("mean", 0.4), budget_pp=0.4)
    (here / "a/result.json").unlink()
    assert "OVER the budget of 0.4 pp" in said(capsys)
    assert row(capsys)["feasible"] is False


def test_a_result_of_another_plan_says_nothing_of_this_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = made(here / "a", Goal("mean", 90.0), feasible=False, reason="none is")
    document = json.loads((here / "a/plan.json").read_text())
    document["nbytes"] = result.nbytes + 1
    (here / "a/plan.json").write_text(json.dumps(document))
    assert "OVER" not in said(capsys)


def test_trials_of_other_studies_in_the_storage_are_not_counted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(here / "a", Goal("mean", 2.0))
    other = MadeStudy(here / "a", goal=Goal("mean", 2.0), trials=9)
    other.write_trials("made~random")
    assert row(capsys)["trials"] == 24
    (here / "a/result.json").unlink()  # which names the study
    assert row(capsys)["trials"] == 24


def test_a_search_that_found_nothing_yet_says_so(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a").mkdir()
    MadeStudy(here / "a", goal=Goal("mean", 2.0)).write_trials()
    assert said(capsys) == "a: stopped, 24 trials, no plan that keeps the limit yet\n"


@pytest.mark.parametrize(
    ("key", "value"),
    [("nbytes", "many"), ("nbytes", -1), ("drop_pp", None), ("metric", "\x1b[2J"), ("plan", 3)],
)
def test_a_damaged_plan_is_no_plan(
    here: Path, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    made(here / "a", Goal("mean", 2.0))
    document = json.loads((here / "a/plan.json").read_text())
    (here / "a/plan.json").write_text(json.dumps({**document, key: value, "quanti_array": value}))
    assert said(capsys).startswith("a: stopped, 24 trials, no plan")


def test_a_damaged_storage_leaves_the_other_studies(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(here / "sound", Goal("mean", 2.0))
    for i, text in enumerate(['{"op_code": 99}', '{"op_code": 4, "worker_id": "w"}', "[]", "x"]):
        folder = here / f"bad{i}"
        folder.mkdir()
        (folder / "journal").write_text(f"{text}\n")
        url = f"journal:///{folder}/journal"
        (folder / "study.toml").write_text(f'storage = "{url}"\n')
    (here / "what?").mkdir()
    (here / "what?/study.toml").write_text(f'storage = "journal:///{here}/what?/journal"\n')
    (here / "what?/journal").write_text("{}\n")
    lines = said(capsys).splitlines()
    assert len(lines) == 6
    assert lines[-2].startswith("sound: finished, 24 trials: ")
    others = (*lines[:-2], lines[-1])
    assert all(": stopped" in line and "no plan yet" in line for line in others)


def test_the_folder_of_one_study_lists_that_study(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(here / "a", Goal("mean", 2.0))
    (found,) = answer(capsys, "studies", "a")["studies"]
    assert found["study"] == "a"
    assert found == row(capsys)
