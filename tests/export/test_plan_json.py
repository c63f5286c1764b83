"""A plan with what it was made for and what was measured."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.export.plan_json import PlanFile, read_plan_file
from mpsearch.values.errors import PlanError
from mpsearch.values.plan import Plan

LAYERS = ("conv1", "größe/層\n")
PLAN = Plan(LAYERS, ("fix8", "bitwiseAnd_16"))
FILE = PlanFile(PLAN, "a" * 64, 1234, drop_pp=0.1, metric="max", budget_pp=2.0)


def saved(folder: Path, text: str | bytes) -> Path:
    path = folder / "plan.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def changed(folder: Path, **changes: Any) -> Path:
    document = {**json.loads(FILE.to_json()), **changes}
    return saved(folder, json.dumps({k: v for k, v in document.items() if v is not ...}))


def refused(path: Path, model: str = FILE.model) -> str:
    with pytest.raises(PlanError) as caught:
        read_plan_file(path, LAYERS, model)
    return str(caught.value)


@settings(deadline=None)
@given(
    st.builds(
        PlanFile,
        st.just(PLAN),
        st.just("a" * 64),
        st.integers(0, 2**53),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["mean", "max", "p95"]),
        st.none() | st.floats(0, 100),
        st.sampled_from(["none", "entropy"]),
        st.booleans(),
    )
)
def test_a_plan_file_comes_back(tmp_path_factory: pytest.TempPathFactory, file: PlanFile) -> None:
    path = saved(tmp_path_factory.mktemp("plan"), file.to_json())
    assert read_plan_file(path, LAYERS, file.model) == file


def test_it_holds_the_list_of_schemes_beside_the_plan() -> None:
    document = json.loads(FILE.to_json())
    assert document["quanti_array"] == list(PLAN.schemes)
    assert document["plan"] == PLAN.as_mapping()
    assert (document["format"], document["version"]) == ("mpsearch-plan", 1)


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = "\ufeff" + FILE.to_json().replace("\n", "\r\n")
    assert read_plan_file(saved(tmp_path, text), LAYERS, FILE.model) == FILE


def test_keys_of_later_programs_are_ignored(tmp_path: Path) -> None:
    assert read_plan_file(changed(tmp_path, later=[1]), LAYERS, FILE.model) == FILE


def test_a_plan_of_another_model_is_refused_unless_forced(tmp_path: Path) -> None:
    path = saved(tmp_path, FILE.to_json())
    message = refused(path, model="b" * 64)
    assert "was made for another model (aaaaaaaaaaaa…, this one is bbbbbbbbbbbb…)" in message
    assert "`force`" in message
    assert read_plan_file(path, LAYERS, "b" * 64, force=True) == FILE


@pytest.mark.parametrize("model", ["", ...])
def test_a_plan_of_an_unknown_model_is_taken(tmp_path: Path, model: object) -> None:
    assert read_plan_file(changed(tmp_path, model=model), LAYERS, FILE.model).plan == PLAN


def test_a_plan_of_other_layers_is_refused_even_if_forced(tmp_path: Path) -> None:
    path = changed(tmp_path, plan={"conv1": "fix8", "other": "fix8"})
    with pytest.raises(PlanError, match="first 'other'"):
        read_plan_file(path, LAYERS, "b" * 64, force=True)


@pytest.mark.parametrize("missing", ["drop_pp", "budget_pp", "nbytes"])
def test_measurements_may_be_missing(tmp_path: Path, missing: str) -> None:
    changes: dict[str, Any] = {missing: ...}
    found = read_plan_file(changed(tmp_path, **changes), LAYERS, FILE.model)
    assert getattr(found, missing) == (0 if missing == "nbytes" else None)
    assert found.plan == PLAN


@pytest.mark.parametrize("version", [0, 2, "1", None, ...])
def test_another_version_is_refused(tmp_path: Path, version: object) -> None:
    assert "reads version 1: update mpsearch" in refused(changed(tmp_path, version=version))


@pytest.mark.parametrize("form", ["mpsearch-profile", "", None, ...])
def test_a_file_of_another_format_is_refused(tmp_path: Path, form: object) -> None:
    assert "is not a plan of mpsearch" in refused(changed(tmp_path, format=form))


@pytest.mark.parametrize("plan", [["fix8", "fl16"], "fix8", 3, None, ...])
def test_a_file_without_a_plan_is_refused(tmp_path: Path, plan: object) -> None:
    assert "has no 'plan'" in refused(changed(tmp_path, plan=plan))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", '"x"', "[" * 100_000, '{"a":' * 100_000, "9" * 5000],
    ids=lambda text: text[:8],
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    message = refused(saved(tmp_path, text))
    assert "give a plan.json, or a quanti_array in a file that ends in .py" in message


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(saved(tmp_path, b"\xff\xfe{"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        assert "no such file" in refused(path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    assert "larger than 16 MiB" in refused(saved(tmp_path, FILE.to_json() + " " * 2**24))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        PlanFile(PLAN, "", 0, drop_pp=number).to_json()
