"""The note: the result first, the plan to copy, nothing of a name taken for markup."""

from pathlib import Path

import pytest
from made_study import HOSTILE, MadeStudy, made_study

from mpsearch.api.study_record import read_study
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array
from mpsearch.report.dashboard.note import study_note
from mpsearch.report.record import StudyRecord


def note(record: StudyRecord, is_whole: bool = True) -> str:
    return study_note(record, quanti_array_file(record.plan), is_whole)


def test_a_finished_study_says_its_result_and_its_plan(tmp_path: Path) -> None:
    made_study(tmp_path, ["conv1", "conv2", "dense"])
    record = read_study(tmp_path)
    text = note(record)
    assert text.startswith("**made\\<up\\> shrinks from ")
    assert "24 plans measured, " in text
    code = text.split("```python\n")[1].split("```")[0]
    assert read_quanti_array(code.partition("=")[2].strip(), record.plan.layers) == record.plan
    for layer, scheme in record.plan.as_mapping().items():
        before, after = record.layer_nbytes[layer]
        row = next(line for line in text.splitlines() if line.startswith(f"| {layer} "))
        assert row.endswith(f"| {before:,} | {after:,} |")
        assert scheme.replace("_", "\\_") in row


def test_names_are_words_and_end_no_code(tmp_path: Path) -> None:
    names = [*HOSTILE, "``` \n# heading", "````"]
    made_study(tmp_path, names)
    text = note(read_study(tmp_path))
    start = text.index("`````python\n")  # longer than any fence inside
    code, table = text[start + 12 :].split("\n`````\n")
    assert code.count("\n") == len(names) + 1  # one line per layer and the brackets
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) == len(names) + 2
    for row in rows:
        assert row.replace("\\|", "").count("|") == 6
        assert "<" not in row.replace("\\<", "")


@pytest.mark.parametrize("is_whole", [True, False])
def test_an_unfinished_study_says_so_only_where_that_is_known(
    tmp_path: Path, is_whole: bool
) -> None:
    MadeStudy(tmp_path).write_trials()
    text = note(read_study(tmp_path), is_whole)
    assert text.startswith("**The search is not finished: the best") == is_whole
    assert text.startswith("**The best of 24 measured plans") == (not is_whole)
