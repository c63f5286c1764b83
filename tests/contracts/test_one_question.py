"""A command line, a study.toml and the keywords of find_plan ask the same question."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mpsearch.api import search as api
from mpsearch.cli.main import parser
from mpsearch.cli.settings import settings
from mpsearch.propose.rules import Rules
from mpsearch.search.listener import Listener
from mpsearch.values.question import Question
from mpsearch.values.study_toml import read_question, settings_text

KEYS = {field.name for field in fields(Question)}
# Keywords of find_plan that have another name, or are no part of the question.
OTHER_NAMES = {"budget_pp": {"budget"}, "rules": {"lock", "forbid", "tie"}}
NO_QUESTION = {"workbench", "profile", "folder", "progress", "helpers", "on_open", "on_note"}
# Keys that say what is opened before it is asked about, or how many processes ask.
OPENING = {
    *("model", "architecture", "allow_unsafe_model", "images", "preprocess", "resize"),
    *("labels", "truth", "from_logits", "size", "memory", "coding", "workers"),
}

COMMAND = [
    *("search", "--budget", "1.5", "--budget-on", "unseen", "--holdout", "0.25"),
    *("--sure", "95", "--guaranteed"),
    *("--metric", "p95", "--schemes", "original,fl16", "--lock", "a*=fl16"),
    *("--forbid", "b=fix8", "--tie", "c*", "--sampler", "tpe", "--compare", "random"),
    *("--calibrate", "--trials", "7", "--timeout", "9", "--seed", "3"),
    *("--storage", "sqlite:///x.db", "--study-name", "mine"),
]
KEYWORDS: dict[str, Any] = {
    "budget_pp": 1.5,
    "budget_on": "unseen",
    "sure": 95.0,
    "guaranteed": True,
    "holdout": 0.25,
    "metric": "p95",
    "schemes": ("original", "fl16"),
    "rules": Rules({"a*": "fl16"}, {"b": ("fix8",)}, ("c*",)),
    "sampler": "tpe",
    "compare": ("random",),
    "calibrate": True,
    "trials": 7,
    "timeout": 9.0,
    "seed": 3,
    "storage": "sqlite:///x.db",
    "study_name": "mine",
}


def asked_on_the_command_line() -> Question:
    question, _ = settings(parser().parse_args(COMMAND))
    return question


def test_every_keyword_of_find_plan_is_part_of_the_question() -> None:
    keywords = set(inspect.signature(api.find_plan).parameters) - NO_QUESTION
    asked = set().union(*(OTHER_NAMES.get(name, {name}) for name in keywords))
    assert asked == KEYS - OPENING


def test_the_command_line_and_the_file_ask_the_same(tmp_path: Path) -> None:
    question = asked_on_the_command_line()
    file = tmp_path / "study.toml"
    file.write_text(settings_text(question, tmp_path))
    assert read_question(file) == question


def test_the_keywords_ask_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Question] = []

    def keep(question: Question, *_: object) -> None:
        asked.append(question)

    monkeypatch.setattr(api, "answer", keep)
    bench: Any = None
    api.find_plan(bench, folder=tmp_path, **KEYWORDS)
    assert asked == [asked_on_the_command_line()]


def test_a_listener_hears_nothing_unless_it_is_asked_to() -> None:
    listener = Listener()
    listener.on_open()
    listener.on_note("a note")
    listener.progress.start("work", 1)
