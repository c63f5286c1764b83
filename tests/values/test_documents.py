"""JSON files of others' making."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.values.documents import Fields, read_document
from mpsearch.values.errors import MPSearchError, StudyError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
KINDS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "flag": bool,
    "whole": int,
    "number": (int, float),
    "texts": list,
    "wholes": list,
    "integers": list,
}


@given(values, st.sampled_from(sorted(KINDS)))
def test_a_field_is_of_its_kind_or_refused_in_one_error(value: Any, kind: str) -> None:
    fields = Fields("file 'a'", {"key": value}, StudyError)
    try:
        found = getattr(fields, kind)("key")
    except StudyError as error:
        said = str(error)
    else:
        assert found == value
        assert isinstance(value, KINDS[kind])
        return
    assert said.startswith("file 'a': key is ")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, "1", None])
def test_a_number_is_finite(value: object) -> None:
    with pytest.raises(StudyError, match="expected a number"):
        Fields("f", {"key": value}, StudyError).number("key")


@pytest.mark.parametrize("value", [-1, 2**63, 1.0, False])
def test_a_whole_number_has_bounds(value: object) -> None:
    with pytest.raises(StudyError, match="an integer"):
        Fields("f", {"key": value}, StudyError).whole("key")


@pytest.mark.parametrize("value", [[-(2**63)], [1.0], [True], [None], ["1"], {}])
def test_integers_are_whole_and_have_bounds(value: object) -> None:
    assert Fields("f", {"key": [-2, 1 - 2**63]}, StudyError).integers("key") == [-2, 1 - 2**63]
    with pytest.raises(StudyError, match="key is "):
        Fields("f", {"key": value}, StudyError).integers("key")


def test_a_list_of_another_length_is_refused() -> None:
    fields = Fields("f", {"key": [1, 2]}, StudyError)
    assert fields.wholes("key", 2) == fields.wholes("key") == [1, 2]
    with pytest.raises(StudyError, match="expected a list of 3 integers"):
        fields.wholes("key", 3)


GOOD = {"format": "x", "version": 1, "a": "b"}


def read(path: Path) -> Fields:
    return read_document(path, "thing", "x", 1, 1000, StudyError)


def test_a_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(json.dumps(GOOD))
    assert read(path).text("a") == "b"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"", "not JSON"),
        (b"[" * 900, "not JSON"),
        (b"\xff\xfe", "cannot be read"),
        (b"[]", "not a thing"),
        (json.dumps({**GOOD, "format": "y"}).encode(), "not a thing"),
        (json.dumps({**GOOD, "version": 2}).encode(), "version '2'"),
        (json.dumps({**GOOD, "version": True}).encode(), "version 'True'"),
        (b" " * 1001, "larger"),
        (b'{"format": "x", "version": ' + b"9" * 900 + b"}", "version"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, names: str) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(content)
    with pytest.raises(MPSearchError, match=names):
        read(path)
    with pytest.raises(MPSearchError, match="cannot be read"):
        read(tmp_path / "none.json")
