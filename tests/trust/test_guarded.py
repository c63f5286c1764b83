"""Which settings a file of somebody else may not choose."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from mpsearch.trust.guarded import guarded_values, is_on_another_share
from mpsearch.values.question import Question
from mpsearch.values.study_toml import read_question

CORES = os.cpu_count() or 1
# Every key of study.toml → a harmless value that is not the default. A new key must be decided on.
FREE = {
    "model": "net.keras",
    "architecture": "net.json",
    "images": '["photos", "/mnt/photos/*.png"]',
    "preprocess": "caffe",
    "resize": "crop",
    "labels": "../names.txt",
    "truth": "y",
    "from_logits": "true",
    "size": "32x32",
    "schemes": '["all"]',
    "metric": "max",
    "budget": "2",
    "max_bytes": "1000",
    "ratio": "2",
    "pareto": "true",
    "budget_on": "unseen",
    "sure": "99",
    "guaranteed": "true",
    "holdout": "0.5",
    "lock": '{"*" = "fl16"}',
    "forbid": '{"*" = "fl16"}',
    "tie": '["*"]',
    "sampler": "tpe",
    "compare": '["greedy"]',
    "coding": "entropy",
    "calibrate": "true",
    "trials": "100000",
    "timeout": "1e9",
    "seed": "3",
    "memory": "64M",
    "workers": str(CORES),
    "study_name": "../../of/another",
    "storage": "sqlite:///study/own.db",
    "allow_unsafe_model": "false",
}
BARE = {"from_logits", "pareto", "calibrate", "allow_unsafe_model", "workers", "seed", "trials"}
BARE |= {"sure", "guaranteed", "timeout", "holdout", "ratio", "max_bytes", "budget"}


@pytest.fixture
def study(here: Path) -> Path:
    """A study's folder in the current one."""
    (here / "study").mkdir()
    return here / "study"


def guarded(folder: Path, text: str) -> dict[str, str]:
    """Key → reason."""
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    config = read_question(file)
    return {one.key: one.reason for one in guarded_values(config, folder)}


def test_every_key_was_decided_on() -> None:
    assert set(FREE) == {field.name for field in fields(Question)}


@pytest.mark.parametrize("key", FREE)
def test_what_chooses_what_is_read_and_computed_is_free(study: Path, key: str) -> None:
    value = FREE[key]
    is_bare = key in BARE or value[0] in "[{"
    assert guarded(study, f"{key} = {value if is_bare else repr(value)}\n") == {}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h/d",
        "postgresql+psycopg://victim@127.0.0.1:5544/x",
        "mysql+pymysql://u:p@h/d",
        "grpc://h:1",
        "redis://h",
        "sqlite://host/x.db",
        "SQLITE:///study/own.db",
        "journal:relative",
        "nothing",
        "",
    ],
)
def test_a_storage_that_is_no_file_is_guarded(study: Path, url: str) -> None:
    assert guarded(study, f"storage = {url!r}\n") == {"storage": "connects to a server"}


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
@pytest.mark.parametrize(
    "path",
    [
        "elsewhere.db",
        "/elsewhere/token",
        "study/../elsewhere.db",
        "study/sub/../../elsewhere.db",
        "study",
        "study/",
        "studying.db",
        "study/link/x.db",
        "study/linked.db",
        "study/dangling.db",
        "study/circle",
        "study/a\\u0000b",
        "~/x.db",
    ],
)
def test_a_file_outside_the_folder_is_guarded(study: Path, kind: str, path: str) -> None:
    outside = study.parent / "outside"
    outside.mkdir()
    (outside / "x.db").touch()
    (study / "link").symlink_to(outside)
    (study / "linked.db").symlink_to(outside / "x.db")
    (study / "dangling.db").symlink_to("../not-yet.db")
    (study / "circle").symlink_to("circle")
    reason = "a file outside the study's folder"
    assert guarded(study, f'storage = "{kind}:///{path}"\n') == {"storage": reason}


def test_a_file_inside_the_folder_is_free_however_the_folder_is_reached(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (study.parent / "alias").symlink_to(study)
    (study / "near.db").symlink_to("own.db")
    for folder, path in [
        (study, f"{study}/own.db"),
        (Path("study"), "study/own.db"),
        (Path("study"), "study/near.db"),
        (Path("alias"), f"{study}/own.db"),
        (Path("alias"), "alias/own.db"),
    ]:
        assert guarded(folder, f'storage = "journal:///{path}"\n') == {}
    monkeypatch.chdir(study)
    assert guarded(Path(), 'storage = "journal:///own.db"\n') == {}


def test_guards_are_lowered_and_the_machine_is_taken_by_its_user_alone(study: Path) -> None:
    assert set(guarded(study, "allow_unsafe_model = true\n")) == {"allow_unsafe_model"}
    assert set(guarded(study, f"workers = {CORES + 1}\n")) == {"workers"}
    assert set(guarded(study, "memory = '9999T'\n")) == {"memory"}
    assert set(guarded(study, "model = 'keras:VGG16'\n")) == {"model"}


def test_a_value_is_shown_without_its_password_and_moves_no_cursor(study: Path) -> None:
    file = study / "study.toml"
    url = "postgresql://u:sesame@h/d\\u001b[2K\\r"
    file.write_text(f'storage = "{url}"\n', encoding="utf-8")
    (one,) = guarded_values(read_question(file), study)
    assert "sesame" not in str(one)
    assert "u:***@h/d" in str(one)
    assert str(one).isprintable()


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        (r"\\evil\share\x.png", r"C:\study", True),
        ("//evil/share/x.png", r"C:\study", True),
        (r"\\?\UNC\evil\share\x.png", r"C:\study", True),
        (r"\\.\pipe\x", r"C:\study", True),
        (r"\\evil\share\x.png", r"\\home\share\study", True),
        (r"\\HOME\share\x.png", r"\\home\share\study", False),
        (r"C:\x.png", r"C:\study", False),
        ("x.png", r"C:\study", False),
        ("", r"C:\study", False),
    ],
)
def test_shares_of_other_machines_are_known(path: str, folder: str, expected: bool) -> None:
    assert is_on_another_share(path, folder) is expected
