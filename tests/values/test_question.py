"""Settings from study.toml and back."""

import tempfile
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.values.study_toml import read_question, settings_text

WHOLE: dict[str, Any] = {
    "allow_unsafe_model": True,
    "preprocess": "caffe",
    "resize": "crop",
    "from_logits": True,
    "size": "224x224",
    "schemes": ("fix8", "bitwiseAnd_16"),
    "metric": "p95",
    "budget": 1.25,
    "max_bytes": 1000,
    "ratio": 2.5,
    "pareto": True,
    "budget_on": "unseen",
    "sure": 95.0,
    "guaranteed": True,
    "holdout": 0.25,
    "lock": {"conv1": "fl16"},
    "forbid": {"*": ("fix8",), "head": ("fl16", "fix8")},
    "tie": ("block*",),
    "compare": ("tpe", "greedy"),
    "sampler": "tpe",
    "coding": "entropy",
    "calibrate": True,
    "trials": 7,
    "timeout": 60.5,
    "seed": -3,
    "memory": "4G",
    "workers": 3,
    "storage": "sqlite:///a b.db",
    "study_name": "mug",
}


def read(folder: Path, text: str) -> Question:
    path = folder / "study.toml"
    path.write_bytes(text.encode())
    return read_question(path)


def again(folder: Path, config: Question) -> Question:
    return read(folder, settings_text(config, folder))


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Question()


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        model = "keras:VGG19"
        architecture = "net.json"
        allow_unsafe_model = true
        images = ["a.jpg", "b"]
        preprocess = "caffe"
        resize = "crop"
        labels = "names.txt"
        truth = "y"
        from_logits = true
        size = "224x224"
        schemes = ["fix8", "bitwiseAnd_16"]
        metric = "p95"
        budget = 1.25
        max_bytes = 1000
        ratio = 2.5
        pareto = true
        budget_on = "unseen"
        sure = 95.0
        guaranteed = true
        holdout = 0.25
        lock = { "conv1" = "fl16" }
        forbid = { "*" = "fix8", "head" = ["fl16", "fix8"] }
        tie = "block*"
        compare = ["tpe", "greedy"]
        sampler = "tpe"
        coding = "entropy"
        calibrate = true
        trials = 7
        timeout = 60.5
        seed = -3
        memory = "4G"
        workers = 3
        storage = "sqlite:///a b.db"
        study_name = "mug"
    """
    assert set(tomllib.loads(text)) == {field.name for field in fields(Question)}
    assert read(tmp_path, text) == Question(
        model="keras:VGG19",
        architecture=str(tmp_path / "net.json"),
        images=(str(tmp_path / "a.jpg"), str(tmp_path / "b")),
        labels=str(tmp_path / "names.txt"),
        truth="y",
        **WHOLE,
    )


def test_one_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    config = read(tmp_path, 'images = "keras:x"\nschemes = "fix8"')
    assert config.schemes == ("fix8",)
    assert config.images == ("keras:x",)


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, 'model = "m/x.keras"\nlabels = "../l.txt"\nimages = ["*.jpg", "/a/b"]')
    assert config.model == str(tmp_path / "m" / "x.keras")
    assert config.labels is not None
    assert Path(config.labels).resolve() == (tmp_path.parent / "l.txt").resolve()
    assert config.images == (str(tmp_path / "*.jpg"), "/a/b")


@pytest.mark.parametrize("model", ["keras:MobileNet", "bundled:digits"])
def test_names_of_models_are_no_paths(tmp_path: Path, model: str) -> None:
    assert read(tmp_path, f'model = "{model}"').model == model


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufefftrials = 5\r\nseed = 2\r\n") == Question(trials=5, seed=2)


@pytest.mark.parametrize(("key", "near"), [("budgt", "budget"), ("scheme", "schemes")])
def test_an_unknown_key_gets_the_nearest_known_one(tmp_path: Path, key: str, near: str) -> None:
    with pytest.raises(
        SettingError, match=f"unknown key '{key}'; did you mean '{near}'?"
    ) as caught:
        read(tmp_path, f"{key} = 1")
    assert str(tmp_path / "study.toml") in str(caught.value)


def test_an_unknown_key_like_no_other_gets_the_list_alone(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError,
        match=r"unknown key 'qqq'.*known keys: allow_unsafe_model, architecture, budget, ",
    ) as caught:
        read(tmp_path, "qqq = 1")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        'budget = "2"',
        "budget = true",
        "trials = 1.5",
        "trials = true",
        "seed = 1979-05-27",
        "allow_unsafe_model = 1",
        "from_logits = 1",
        'from_logits = "yes"',
        "model = 1",
        "model = ['a']",
        "images = [1]",
        "images = 1",
        "schemes = {fix8 = true}",
        "timeout = []",
        "storage = false",
    ],
)
def test_a_value_of_another_type_is_refused_with_what_is_allowed(tmp_path: Path, line: str) -> None:
    key = line.split(maxsplit=1)[0]
    with pytest.raises(SettingError, match=rf"{key} = .* is not allowed; give ") as caught:
        read(tmp_path, line)
    assert str(tmp_path / "study.toml") in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["= 1", "trials = ", "trials = 1\ntrials = 2", "x = " + "[" * 9999],
    ids=lambda text: text[:12],
)
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match="is not TOML"):
        read(tmp_path, text)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingError, match="is not TOML"):
        read_question(tmp_path / "study.toml")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(SettingError, match=r"give a study\.toml"):
            read_question(path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="larger than 1 MiB"):
        read(tmp_path, "#" * (2**20 + 1))


def test_options_that_were_given_replace_settings_and_others_do_not() -> None:
    config = Question(trials=7, budget=1.0, from_logits=True, seed=5)
    changed = config.with_options({"trials": None, "budget": 0.0, "from_logits": False, "seed": 0})
    assert changed == Question(trials=7, budget=0.0, from_logits=False, seed=0)
    assert config.budget == 1.0


def test_a_whole_configuration_comes_back(tmp_path: Path) -> None:
    config = Question(
        model=str(tmp_path / "m.keras"),
        images=(str(tmp_path / "a" / "*.jpg"), str(tmp_path / "b.npz")),
        labels=str(tmp_path / "l.txt"),
        truth="y",
        **WHOLE,
    )
    assert again(tmp_path, config) == config


def test_settings_left_alone_are_not_written(tmp_path: Path) -> None:
    assert settings_text(Question(), tmp_path).strip() == ""
    assert set(tomllib.loads(settings_text(Question(trials=3), tmp_path))) == {"trials"}


def test_paths_are_written_as_seen_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "one"
    folder.mkdir(parents=True)
    config = Question(model=str(folder / "m.keras"), labels=str(tmp_path / "data" / "l.txt"))
    written = tomllib.loads(settings_text(config, folder))
    assert written["model"] == "m.keras"
    assert Path(written["labels"]) == Path("..", "..", "data", "l.txt")
    back = again(folder, config)
    assert back.labels is not None
    assert Path(back.labels).resolve() == (tmp_path / "data" / "l.txt").resolve()


def test_a_folder_moved_with_its_files_still_finds_them(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    text = settings_text(Question(model=str(old / "m.keras")), old)
    new.mkdir()
    assert read(new, text).model == str(new / "m.keras")


@pytest.mark.parametrize(
    "text",
    [
        'a "quoted" name',
        "back\\slash \\n \\u0041",
        "two\nlines\r\nand a tab\t",
        "'single' and '''triple'''",
        '"""',
        "\x00\x1f\x7f\x85\u2028\ufeff",
        "größe 層 😀",
        "# no comment",
        "x = 1",
        "",
    ],
)
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    config = Question(study_name=text, preprocess=text, schemes=(text, "fix8", text))
    assert again(tmp_path, config) == config


basic = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None)
@given(
    st.builds(
        Question,
        preprocess=st.none() | basic,
        schemes=st.none() | st.lists(basic, max_size=3).map(tuple),
        allow_unsafe_model=st.booleans(),
        from_logits=st.booleans(),
        budget=st.none() | st.floats(0, 100) | st.integers(0, 100),
        timeout=st.none() | st.floats(0, allow_nan=False),
        seed=st.integers(-(2**70), 2**70),
        trials=st.integers(1, 2**40),
        study_name=st.none() | basic,
    )
)
def test_any_configuration_comes_back(config: Question) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert again(Path(folder), config) == config


def test_a_password_is_left_out_of_the_file(tmp_path: Path) -> None:
    text = settings_text(
        Question(storage="postgresql://me:sesame@host/db?sslpassword=open"), tmp_path
    )
    assert "sesame" not in text
    assert "open" not in text
    assert "me:***@host/db" in text
