"""``result.json``: written whole, read back the same, believed in nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_study import HOSTILE, MadeStudy

from mpsearch.propose.goal import Goal
from mpsearch.search.result_json import read_result
from mpsearch.values.errors import MPSearchError

GOALS = [Goal("mean", 2.0), Goal("max", 0.0), Goal("p95", max_nbytes=90_000), Goal("mean")]


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_a_result_is_read_back_as_it_was(tmp_path: Path, goal: Goal) -> None:
    written = MadeStudy(tmp_path, HOSTILE, goal=goal).write_result("\udcff.jpg")
    result, subject = read_result(tmp_path / "result.json")
    assert result == written
    assert tuple(layer.name for layer in subject.layers) == HOSTILE
    assert sum(layer.nbytes for layer in subject.layers) == result.nbytes
    assert subject.settings == 'model = "made.keras"\nbudget = 2.0\n'


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values of a document are; of lists only the first."""
    if path:
        yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list) and document:
        yield from places(document[0], (*path, 0))


# What the reader makes anew from other fields.
DERIVED = {"plan", "ratio", "drop_pp", "top1_changes"}


@pytest.mark.parametrize("wrong", [[], "", -1.5, {}, None])
def test_no_field_can_be_something_else(tmp_path: Path, wrong: object) -> None:
    MadeStudy(tmp_path).write_result()
    file = tmp_path / "result.json"
    document = json.loads(file.read_text())
    refused: list[str] = []
    for path in places(document):
        if path[0] in DERIVED:
            continue
        damaged = json.loads(file.read_text())
        inner = damaged
        for key in path[:-1]:
            inner = inner[key]
        if type(inner[path[-1]]) is type(wrong):
            continue
        inner[path[-1]] = wrong
        other = tmp_path / "damaged.json"
        other.write_text(json.dumps(damaged))
        try:
            read_result(other)
        except MPSearchError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert not [message for message in refused if "\n" in message]


def test_layers_of_two_networks_in_one_file_are_refused(tmp_path: Path) -> None:
    MadeStudy(tmp_path).write_result()
    file = tmp_path / "result.json"
    document = json.loads(file.read_text())
    document["subject"]["layers"].append({**document["subject"]["layers"][0], "name": "more"})
    file.write_text(json.dumps(document))
    with pytest.raises(MPSearchError, match=r"layer"):
        read_result(file)
