"""A study's folder of somebody who wants more than to be read."""

import atexit
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from command_line import answer
from listener import Listener
from made_study import MadeStudy
from watched import watched

from mpsearch.api.dashboard import Dashboard
from mpsearch.api.report import write_comparison, write_report
from mpsearch.api.study_record import read_study
from mpsearch.cli.main import run
from mpsearch.values.errors import SettingError

ROOT = Path(__file__).parents[2]
CORES = os.cpu_count() or 1


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody's server."""
    with Listener().listening() as server:
        yield server


@pytest.fixture
def url(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its storage, and a password that PostgreSQL's driver would give to it."""
    monkeypatch.setenv("PGPASSWORD", "sesame")
    return f"postgresql+psycopg://victim@127.0.0.1:{listener.port}/x"


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    made = MadeStudy(folder, ["conv1", "dense"], trials=3)
    made.write_trials()
    made.write_result()
    return folder


def study(folder: Path, **settings: str) -> Path:
    """A finished study that says these settings; strings come with their quotes."""
    shutil.copytree(_made(), folder)
    lines = ["budget = 2", *(f"{key} = {value}" for key, value in settings.items())]
    (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def refusal(here: Path, capsys: pytest.CaptureFixture[str], command: str) -> str:
    """The one line of a command that connects to nothing, opens nothing for writing, and ends."""
    before = {p: p.read_bytes() for p in here.rglob("*") if p.is_file()}
    capsys.readouterr()
    with watched(here) as seen:
        code = run(shlex.split(command))
    out, err = capsys.readouterr()
    assert (code, out) == (2, ""), err
    assert seen == []
    assert before == {p: p.read_bytes() for p in here.rglob("*") if p.is_file()}
    said = err.removeprefix("starting Optuna's dashboard, which takes some seconds\n")
    assert said.startswith("mpsearch: error: ")
    assert said.count("\n") == 1
    assert "sesame" not in said
    return said


@pytest.mark.xdist_group("dashboard")
def test_no_command_connects_to_a_server_that_a_folder_names(
    here: Path, capsys: pytest.CaptureFixture[str], listener: Listener, url: str
) -> None:
    study(here / "evil", storage=repr(url))
    study(here / "fine")
    (here / "alias").symlink_to("evil")
    shutil.copy(here / "evil" / "study.toml", here / "evil" / "other.toml")
    for command in (
        "report evil",
        "report evil/study.toml",
        "report evil/../evil/",
        "report alias",
        f"report {here}/evil",
        "report fine evil",
        "report evil fine",
        "report evil --to elsewhere",
        "dashboard evil --port 0",
        "dashboard alias/study.toml --port 0",
        "search evil",
        "search alias/study.toml --quiet",
        "search evil --dry-run",
        "search evil --budget 1 --out elsewhere",
        "search evil/other.toml --json",
    ):
        said = refusal(here, capsys, command)
        assert f"storage = '{url}'" in said, command
        assert "--storage" in said
        assert "mpsearch trust " in said
    assert listener.counted() == 0


@pytest.mark.parametrize(
    "kind", ["postgresql", "postgresql+psycopg", "mysql", "mysql+pymysql", "grpc"]
)
def test_of_whatever_kind_it_is(
    here: Path, capsys: pytest.CaptureFixture[str], listener: Listener, kind: str
) -> None:
    tail = "" if kind == "grpc" else "/x"
    url = f"{kind}://127.0.0.1:{listener.port}{tail}"
    study(here / "evil", storage=repr(url))
    for command in ("report evil", "search evil --dry-run"):
        assert url in refusal(here, capsys, command)
    assert listener.counted() == 0


def test_the_server_is_asked_once_the_user_says_so(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    listener: Listener,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that the others cannot pass because the server cannot be reached anyway."""
    study(here / "evil", storage=repr(url))
    study(here / "other", storage=repr(url))
    visits = []

    def visit(command: str) -> None:
        assert run(shlex.split(command)) in {2, 3}
        assert "trust" not in capsys.readouterr().err
        visits.append(listener.visitors)

    visit(f"report evil --storage {url}")
    visit(f"report evil other --storage {url}")
    visit(f"search evil --storage {url}")
    with monkeypatch.context() as patch:
        patch.setenv("MPSEARCH_STORAGE", url)
        visit("report evil")
        visit("report evil other")
        visit("search evil")
        patch.setenv("MPSEARCH_STORAGE", f"{url}y")  # wins, as --storage would
        visit("report evil")
    answer(capsys, "trust", "evil")
    visit("report evil")
    visit("report evil/study.toml")
    visit("search evil")
    assert visits == sorted(visits)
    assert len(set(visits)) == len(visits)
    (here / "evil").rename(here / "moved")
    refusal(here, capsys, "report moved")
    assert listener.counted() == visits[-1]


def test_a_listing_goes_on_and_says_so(
    here: Path, capsys: pytest.CaptureFixture[str], listener: Listener, url: str
) -> None:
    study(here / "all" / "evil", storage=repr(url))
    study(here / "all" / "fine")
    study(here / "all" / "elsewhere", storage=repr(f"journal:///{here}/token"))
    study(here / "all" / "linked")
    (here / "all" / "linked" / "study.db").rename(here / "mine.db")
    (here / "all" / "linked" / "study.db").symlink_to(here / "mine.db")
    (here / "token").write_bytes(b"no line end")
    with watched(here) as seen:
        rows = answer(capsys, "studies", "all")["studies"]
        assert run(["studies", "all"]) == 0
    assert seen == [f"sqlite3.connect {(here / 'all/fine/study.db').as_uri()}?mode=ro"] * 2
    said = {row["study"]: row for row in rows}
    refused = {name for name, row in said.items() if "refused" in row}
    assert refused == {"all/evil", "all/elsewhere", "all/linked"}
    assert said["all/fine"]["trials"] == 3
    assert "mpsearch trust all/evil" in capsys.readouterr().out
    assert listener.counted() == 0


def test_no_file_outside_is_touched(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = here / "token"
    token.write_bytes(b"no line end")
    for number, path in enumerate((token, "evil3/../token", "token")):
        for kind in ("journal", "sqlite"):
            folder = study(here / f"evil{number}{kind}", storage=repr(f"{kind}:///{path}"))
            for command in (f"report {folder.name}", f"search {folder.name}"):
                assert "outside the study's folder" in refusal(here, capsys, command)
    folder = study(here / "linked")
    (folder / "study.db").rename(here / "mine.db")
    (folder / "study.db").symlink_to(here / "mine.db")
    for command in ("report linked", "search linked", "dashboard linked --port 0"):
        assert "link that leads out" in refusal(here, capsys, command)
    assert token.read_bytes() == b"no line end"


@pytest.mark.parametrize(
    ("key", "value", "commands"),
    [
        ("allow_unsafe_model", "true", ("predict evil", "profile evil", "check uniform evil")),
        ("allow_unsafe_model", "true", ("search evil", "export evil --format keras --to e")),
        ("model", "'keras:VGG16'", ("predict evil", "profile evil", "search evil")),
        ("memory", "'9999T'", ("predict evil", "search evil")),
        ("workers", str(CORES + 1), ("search evil", "search evil --dry-run")),
    ],
)
def test_guards_and_the_machine_are_the_users(
    here: Path, capsys: pytest.CaptureFixture[str], key: str, value: str, commands: tuple[str, ...]
) -> None:
    folder = study(here / "evil", **{key: value})
    for command in commands:
        said = refusal(here, capsys, command)
        assert f"{key} = {value}" in said
        assert f"--{key.replace('_', '-')}" in said
        assert f"mpsearch trust {folder.name}" in said


def test_several_are_said_at_once_and_a_long_one_is_cut(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study(here / "evil", storage=repr(f"grpc://{'h' * 9999}"), workers="64")
    said = refusal(here, capsys, "search evil")
    assert "workers = 64" in said
    assert "give --storage and --workers" in said
    assert len(said) < 1000
    assert "--workers" not in refusal(here, capsys, "report evil")


def test_what_a_report_does_not_use_costs_nothing(here: Path) -> None:
    folder = study(here / "a", workers="64", allow_unsafe_model="true", model="'keras:VGG16'")
    record = read_study(folder)
    assert record.trials is not None
    assert len(record.trials.trials) == 3


@pytest.mark.tf
def test_commands_without_storages_need_no_trust_and_connect_to_none(
    here: Path, capsys: pytest.CaptureFixture[str], listener: Listener, url: str
) -> None:
    folder = study(here / "evil", storage=repr(url), workers="64", schemes='["fl16"]')
    shutil.copy(ROOT / "studies" / "digits" / "plan.json", folder)
    with watched(here) as seen:
        for command in ("profile evil", "export evil --format packed", "verify digits.mpq"):
            assert run([*shlex.split(command), "--quiet"]) == 0, capsys.readouterr().err
        assert run(["verify", "evil"]) == 2
    assert not [one for one in seen if one.startswith("socket")]
    assert listener.counted() == 0


def test_a_pipe_in_place_of_settings_is_not_waited_for(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study(here / "all" / "evil")
    (folder / "study.toml").unlink()
    os.mkfifo(folder / "study.toml")
    assert len(answer(capsys, "studies", "all")["studies"]) == 1
    assert read_study(folder).trials is not None
    for command in ("search", "export", "trust"):
        assert run([command, "all/evil"]) == 2
        assert "mpsearch: error: " in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_what_python_reads_from_a_folder_obeys_as_well(
    here: Path, listener: Listener, url: str
) -> None:
    evil, fine = study(here / "evil", storage=repr(url)), study(here / "fine")
    for act in (
        lambda: write_report(evil),
        lambda: write_comparison(fine, evil),
        lambda: Dashboard.open(evil, 0),
    ):
        with pytest.raises(SettingError, match="mpsearch trust"):
            act()
    assert listener.counted() == 0


def test_json_of_a_listing_masks_passwords(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study(here / "all" / "evil", storage=repr("mysql://u:sesame@h/d"))
    assert "sesame" not in json.dumps(answer(capsys, "studies", "all"))
