"""A profile is read whole, or refused by the name of its file and of what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_study import MadeStudy

from mpsearch.sensitivity.profile_file import read_profile
from mpsearch.values.errors import StudyError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    MadeStudy(tmp_path, ("conv", "dense"), trials=3).write_profile()
    return tmp_path / "profile.json"


def changed(file: Path, change: Callable[[Any], object]) -> Path:
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_it_comes_back(file: Path) -> None:
    assert read_profile(file).to_json() == file.read_text(encoding="utf-8")


def test_one_of_before_there_were_channel_axes_is_read(file: Path) -> None:
    changed(file, lambda d: [d["layers"][0]["tensors"][0].pop("channel_axes")])
    assert read_profile(file).layers[0].tensors[0].channel_axes == (-1,)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("version '2'", lambda d: d.update(version=2)),
        ("version 'True'", lambda d: d.update(version=True)),
        (r"per_layer\[0\]: confidence is ", lambda d: d["per_layer"][0].update(confidence=[0.5])),
        (r"uniform|cumulative", lambda d: d["cumulative"][0].update(top1=["cat"] * 6)),
        ("seconds is ", lambda d: d.update(seconds=float("inf"))),
        ("images is ", lambda d: d.pop("images")),
        ("baseline: margin is ", lambda d: d["baseline"].update(margin=None)),
        (r"shape is ", lambda d: d["layers"][0]["tensors"][0].update(shape=[-1])),
    ],
)
def test_what_is_wrong_is_named(file: Path, words: str, change: Callable[[Any], object]) -> None:
    with pytest.raises(StudyError, match=words) as error:
        read_profile(changed(file, change))
    assert str(file) in str(error.value)


def test_what_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    for path in (file, tmp_path / "none", tmp_path):
        with pytest.raises(StudyError, match=r"profile '.*' cannot be read"):
            read_profile(path)
