"""The page says how much of a model no plan makes smaller."""

import dataclasses
from pathlib import Path

import pytest
from made_study import made_study

from mpsearch.api.study_record import read_study
from mpsearch.report.markup import Html
from mpsearch.report.plan_section import plan_section
from mpsearch.report.record import StudyRecord
from mpsearch.report.sizes import size


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder: Path = tmp_path_factory.mktemp("study")
    made_study(folder, ["conv", "dense"])
    return read_study(folder)


WHERE_IT_IS_MUCH = ", {percent} % of the model, which no plan makes smaller"


@pytest.mark.parametrize(
    ("share", "added"), [(0.05, ""), (0.25, WHERE_IT_IS_MUCH), (0.9, WHERE_IT_IS_MUCH)]
)
def test_the_share_without_a_scheme_is_said_where_it_is_much(
    record: StudyRecord, share: float, added: str
) -> None:
    weights = sum(before for before, _ in record.layer_nbytes.values())
    nbytes = round(weights * share / (1 - share))
    more = added.format(percent=round(100 * share))
    said = f"All other parameters stay float32: {size(nbytes)}{more}. A click"
    assert weights > 0
    assert said in page(record, nbytes)


def test_nothing_is_said_where_every_parameter_has_one(record: StudyRecord) -> None:
    assert "other parameters" not in page(record, 0)


def page(record: StudyRecord, other_nbytes: int) -> str:
    """The section for a model of the same weight layers, and so many bytes beside them."""
    assert record.result is not None
    result = dataclasses.replace(record.result, other_nbytes=other_nbytes)
    return str(plan_section(dataclasses.replace(record, result=result), "[]", Html("")))
