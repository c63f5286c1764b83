"""JSON that can be read in one way only."""

import json

import pytest

from mpsearch.model.inspection.document import LARGEST, parse
from mpsearch.model.inspection.verdict import Refused


@pytest.mark.parametrize("content", [b'{"a": [1, {"b": null}]}', '{"a": [1, {"b": null}]}'])
def test_an_object_is_read(content: bytes | str) -> None:
    assert parse(content) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no valid JSON"),
        (b"[]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'{"a": 1} x', "no valid JSON"),
        (b'{"a": 1, "a": 2}', "a key occurs twice"),
        (b'{"x": {"a": 1, "b": 2, "a": 1}}', "a key occurs twice"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'{"a": "\xff"}', "no valid JSON"),
        ('{"a": 1}'.encode("utf-16"), "no valid JSON"),
        ('{"a": 1}'.encode("utf-8-sig"), "no valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no valid JSON"),
        (b" " * (LARGEST + 1), "more than 16 MiB"),
        (b'{"a": [' + b"0," * 2_000_000 + b"0]}", "more than 2000000 values"),
    ],
)
def test_other_texts_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        parse(content)


@pytest.mark.parametrize(("depth", "is_taken"), [(199, True), (200, False), (100_000, False)])
def test_depth_is_bounded(depth: int, is_taken: bool) -> None:
    text = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    if is_taken:
        assert json.loads(text) == parse(text)
        return
    with pytest.raises(Refused, match="nested deeper"):
        parse(text)
