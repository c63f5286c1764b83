"""A listing of folders that say what is not so."""

import json
import os
from pathlib import Path

import pytest
from command_line import answer

from mpsearch.cli.main import run


def test_a_listing_believes_nothing_of_what_folders_say(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is a row, and so are those after it."""
    good = {"format": "mpsearch-plan", "version": 1, "nbytes": 5, "drop_pp": 1.0, "metric": "mean"}
    good |= {"quanti_array": ["fl16"], "budget_pp": None}
    values: dict[str, list[object]] = {
        "nbytes": ["x", None, -1, 1e400, [], True],
        "drop_pp": ["x", None, 1e400, {}],
        "budget_pp": ["x", []],
        "metric": ["\x1b[2K", None, 3],
    }
    bad = [
        *({**good, key: value} for key, every in values.items() for value in every),
        {"format": "mpsearch-plan", "version": 1},
        {"nbytes": 5, "drop_pp": 1.0, "budget_pp": None, "metric": "mean"},
        [],
    ]
    texts = [json.dumps(one) for one in bad] + ["", "[" * 99_999, "1" * 9999]
    for number, text in enumerate(texts):
        (here / f"a{number}").mkdir()
        (here / f"a{number}" / "best.json").write_text(text)
    for name in ("b\x1b[2K", "pipe", "journal"):
        (here / name).mkdir()
    os.mkfifo(here / "pipe" / "best.json")
    os.mkfifo(here / "pipe" / "study.db")
    (here / "b\x1b[2K" / "best.json").write_text(json.dumps(good))
    (here / "journal" / "study.toml").write_text('storage = "journal:///journal/log"\n')
    (here / "journal" / "log").write_text('{"op_code": 99, "worker_id": "x"}\n[]\n3\n')
    rows = answer(capsys, "studies", ".")["studies"]
    assert len(rows) == len(texts) + 3
    assert [row["study"] for row in rows if "nbytes" in row] == ["b\x1b[2K"]
    assert run(["studies", "."]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == len(rows)
    assert "\x1b" not in out
