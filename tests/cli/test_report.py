"""``mpsearch report`` as a user runs it."""

import sqlite3
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from command_line import answer
from failing_disk import FailingDisk
from made_study import MadeStudy, made_study

from mpsearch.api.report import RenderedReport, render_report
from mpsearch.cli.main import run
from mpsearch.values.errors import EnvironmentFault

pytestmark = pytest.mark.xdist_group("reports")  # what is shared is made once


def test_a_report_says_where_everything_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_study(here / "mine", ["conv1", "dense"])
    found = answer(capsys, "report", "mine")
    assert found["page"] == str(Path("mine", "report", "report.html"))
    written = {found["page"], *found["figures"], *found["tables"]}
    assert written == {str(p.relative_to(here)) for p in (here / "mine" / "report").iterdir()}
    assert found["sentence"].startswith("made<up> shrinks from ")
    assert found["left_out"] == []
    assert run(["report", "mine", "--to", "elsewhere"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == found["sentence"]
    assert any(line.endswith(str(Path("elsewhere", "report.html"))) for line in rest)


def test_two_studies_go_beside_the_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_study(here / "a", ["conv1", "dense"])
    (here / "b").mkdir()
    MadeStudy(here / "b", ["conv1", "dense"], seed=5).write_trials()
    found = answer(capsys, "report", "a", "b")
    assert found["page"] == str(Path("a", "report", "with-b", "compare.html"))
    assert [one for one in found["left_out"] if one.startswith("b: The search is not finished")]
    assert list((here / "b").iterdir()) == [here / "b" / "study.db"]


def test_a_storage_elsewhere_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_study(here / "mine", ["conv1", "dense"])
    (here / "mine" / "study.db").rename(here / "elsewhere.db")
    assert "The storage" in answer(capsys, "report", "mine")["left_out"][0]
    url = "sqlite:///elsewhere.db"
    assert answer(capsys, "report", "mine", "--storage", url)["left_out"] == []
    assert run(["report", "mine", "mine", "--storage", url]) == 2
    assert "--storage" in capsys.readouterr().err


def test_what_is_damaged_is_left_out_and_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_study(here / "mine", ["conv1", "dense"])
    change = "UPDATE trial_user_attributes SET value_json = '0' WHERE key = 'drop_pp'"
    damage(here / "mine" / "study.db", f"{change} AND trial_id = 3")
    assert "1 measured plan is damaged" in answer(capsys, "report", "mine")["left_out"][0]
    assert len((here / "mine/report/measured.csv").read_text().splitlines()) == 1 + 23
    damage(here / "mine" / "study.db", change)
    said = answer(capsys, "report", "mine")["left_out"]
    assert "24 measured plans are damaged" in said[0]
    assert "holds no sound measurement" in said[1]
    (here / "mine" / "result.json").unlink()
    assert run(["report", "mine"]) == 2
    assert "none of its measurements is sound" in capsys.readouterr().err


def damage(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as database:
        database.execute(statement)
    database.close()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[RenderedReport, RenderedReport]:
    """Reports of two studies, whose files have the same names."""
    home = tmp_path_factory.mktemp("studies")
    made_study(home / "mine", ["conv1", "dense"])
    made_study(home / "other", ["conv1", "conv2", "dense"])
    return render_report(home / "mine"), render_report(home / "other")


@pytest.mark.parametrize("for_good", [False, True])
def test_on_a_disk_that_fails_every_file_is_of_before_or_new(
    rendered: tuple[RenderedReport, RenderedReport], tmp_path: Path, for_good: bool
) -> None:
    report, before = rendered
    new, old = contents(report), contents(before)
    assert set(new) == set(old)
    for nth in count(1):
        before.write(tmp_path)
        disk = FailingDisk(nth, for_good)
        with disk.broken():
            try:
                report.write(tmp_path)
            except EnvironmentFault:
                assert disk.has_failed
            else:
                assert not disk.has_failed
        found = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
        assert set(found) == set(new)
        assert all(content in (old[name], new[name]) for name, content in found.items())
        if not disk.has_failed:
            break
    assert found == new
    assert nth > 4 * len(new)  # made, written, flushed, put in place


def contents(report: RenderedReport) -> dict[str, bytes]:
    """File name → what a report puts there."""
    texts = {report.name: report.page, **report.tables}
    return {**report.pictures, **{name: text.encode() for name, text in texts.items()}}


def test_a_disk_that_fails_is_said_in_one_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_study(here / "mine", ["conv1", "dense"])
    with FailingDisk(9, for_good=True).broken():
        assert run(["report", "mine", "--quiet"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mpsearch: error: cannot write 'mine/report/")
    assert "free space" in line


def test_neither_tensorflow_nor_pyplot_is_loaded(here: Path) -> None:
    made_study(here, ["conv1", "dense"])
    program = (
        "import sys; from mpsearch.cli.main import run; code = run(['report', '.', '--quiet']); "
        "loaded = {'tensorflow', 'keras', 'matplotlib.pyplot'} & set(sys.modules); "
        "sys.exit(f'{code} {loaded}' if code or loaded else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
