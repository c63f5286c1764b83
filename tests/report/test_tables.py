"""Tables of a study: every number is the study's, and no name is markup."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import HOSTILE, MadeStudy, made_study

from mpsearch.api.study_record import read_study
from mpsearch.report.names import one_line
from mpsearch.report.record import StudyRecord
from mpsearch.report.table_text import latex, markdown
from mpsearch.report.tables import measured_table, plan_table, table_files


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = tmp_path_factory.mktemp("made")
    made_study(folder, HOSTILE)
    return read_study(folder)


def test_the_plans_table_adds_up(record: StudyRecord) -> None:
    table = plan_table(record)
    assert tuple(table["layer"]) == record.plan.layers
    assert tuple(table["scheme"]) == record.plan.schemes
    assert table["nbytes"].sum() == record.nbytes
    assert table["original_nbytes"].sum() == record.original_nbytes
    assert table["share_pct"].sum() == pytest.approx(100)
    assert (table["adds_nbytes"].dropna() > 0).all()
    assert (table["saves_nbytes"].dropna() > 0).all()


def test_the_measured_table_has_every_trial(record: StudyRecord) -> None:
    table = measured_table(record)
    assert table is not None
    assert record.trials is not None
    assert list(table["nbytes"]) == [t.nbytes for t in record.trials.trials]
    assert list(table["plan"]) == [" ".join(t.plan.schemes) for t in record.trials.trials]
    assert list(table["feasible"]) == [t.drop_pp <= 2 for t in record.trials.trials]


def test_files_of_a_table_say_the_same(record: StudyRecord) -> None:
    files = table_files("plan", plan_table(record))
    assert set(files) == {"plan.csv", "plan.md", "plan.tex"}
    rows = list(csv.DictReader(io.StringIO(files["plan.csv"], newline="")))
    assert [row["layer"] for row in rows] == list(record.plan.layers)
    assert [int(row["nbytes"]) for row in rows] == list(plan_table(record)["nbytes"])
    markdown_rows = files["plan.md"].splitlines()
    assert len(markdown_rows) == 2 + len(rows)
    body = files["plan.tex"].split("\\endhead\n")[1].split("\\bottomrule")[0]
    assert len(body.splitlines()) == len(rows)
    for row in rows:
        shown = f"{int(row['nbytes']):,}"
        assert shown in files["plan.md"]
        assert shown in files["plan.tex"]


cells = st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4)


@given(cells)
def test_no_cell_of_markdown_ends_its_row_or_column(rows: list[list[str]]) -> None:
    lines = markdown(["a", "b"], rows, [False, True]).splitlines()
    assert lines[:2] == ["| a | b |", "| --- | ---: |"]
    assert len(lines) == 2 + len(rows)
    for line, row in zip(lines[2:], rows, strict=True):
        found = re.split(r"(?<!\\)(?:\\\\)*\|", line)
        assert len(found) == 4
        assert not re.search(r"(?<!\\)(?:\\\\)*<", line)
        assert len(row) == 2


@given(cells)
def test_no_cell_of_latex_is_a_command(rows: list[list[str]]) -> None:
    text = latex(["a", "b"], rows, [False, True])
    body = text.split("\\endhead\n")[1].split("\\bottomrule")[0]
    lines = body.splitlines()
    assert len(lines) == len(rows)
    for line in lines:
        left = re.sub(r"\\text(backslash|asciitilde|asciicircum)\{\}", "", line)
        left = re.sub(r"\$\\(times|rightarrow)\$", "", left)
        left = re.sub(r"\\[&%$#_{}]", "", left).removesuffix(" \\\\")
        assert left.count("&") == 1
        assert not set(left) & set("\\%$#_{}~^")


@given(st.text())
def test_one_line_is_one_line_and_can_be_written(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    line.encode()


def test_an_unfinished_search_has_tables_with_gaps(tmp_path: Path) -> None:
    MadeStudy(tmp_path).write_trials()
    record = read_study(tmp_path)
    table = plan_table(record)
    assert table["nbytes"].isna().all()
    assert table["larger"].isna().all()
    assert "| conv1 |" in table_files("plan", table)["plan.md"]
