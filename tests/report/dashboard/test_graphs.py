"""Figures for Plotly: valid JSON, the study's numbers, names without tags."""

import json
from pathlib import Path
from typing import Any

import pytest
from made_study import HOSTILE, MadeStudy, made_study

from mpsearch.api.study_record import read_study
from mpsearch.propose.goal import Goal
from mpsearch.report.dashboard.graphs import study_graphs
from mpsearch.report.record import StudyRecord


def graphs(record: StudyRecord) -> dict[str, Any]:
    text = json.dumps(study_graphs(record), allow_nan=False)  # JavaScript reads no NaN
    found: dict[str, Any] = json.loads(text)
    return found


def traces(figure: Any) -> dict[str, Any]:
    return {trace.get("name", trace["type"]): trace for trace in figure["data"]}


@pytest.mark.parametrize("layers", [3, 150])
def test_all_four_show_the_studys_numbers(tmp_path: Path, layers: int) -> None:
    made = made_study(tmp_path, [f"block{i}_conv" for i in range(layers)])
    record = read_study(tmp_path)
    found = graphs(record)
    assert set(found) == {"bytes-by-drop", "progress", "bytes-per-layer", "sensitivity"}

    plans = traces(found["bytes-by-drop"])
    assert plans["plan"]["x"] == [record.nbytes + record.other_nbytes]
    assert plans["plan"]["y"] == [record.drop_pp]
    shown = len(plans["keeps the limit"]["x"]) + len(plans["breaks the limit"]["x"])
    assert shown == len(made.tried)
    (line,) = found["bytes-by-drop"]["layout"]["shapes"]
    assert (line["y0"], line["y1"]) == (2.0, 2.0)

    bars = found["bytes-per-layer"]["data"]
    assert sum(bars[0]["x"]) == record.original_nbytes
    assert sum(sum(bar["x"]) for bar in bars[1:]) == record.nbytes
    names = found["bytes-per-layer"]["layout"]["yaxis"]["ticktext"]
    assert names[0] == "block0_conv"
    assert len(names) <= 30  # they can be read

    heat = found["sensitivity"]["data"][0]
    assert len(heat["z"]) == layers
    assert len(found["sensitivity"]["data"][1]["x"]) == layers  # a dot per layer


def test_names_have_no_tags(tmp_path: Path) -> None:
    made_study(tmp_path, HOSTILE)
    text = json.dumps(graphs(read_study(tmp_path)))
    for allowed in ("<extra></extra>", "<br>"):
        text = text.replace(allowed, "")
    assert "<" not in text


@pytest.mark.parametrize("goal", [Goal("mean", None), Goal("max", None, 9000)])
def test_other_questions_have_figures_too(tmp_path: Path, goal: Goal) -> None:
    made = MadeStudy(tmp_path, goal=goal)
    made.write_trials()
    found = graphs(read_study(tmp_path))
    shapes = found["bytes-by-drop"]["layout"]["shapes"]
    if goal.kind == "max_bytes":
        assert [shape["x0"] for shape in shapes] == [9000]
    best = [value for value in traces(found["progress"])["best so far"]["y"] if value is not None]
    assert best == sorted(best, reverse=True)
