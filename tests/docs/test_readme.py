"""The commands of README.md run as written and print what it says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpsearch.cli.main import parser
from mpsearch.values.question import Question
from mpsearch.values.study_toml import read_question

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ ", re.MULTILINE)


def commands() -> dict[str, str]:
    """Command → its help text."""
    (choices,) = [a for a in parser()._actions if a.choices and a.metavar == "COMMAND"]
    assert choices.choices is not None
    return {name: sub.format_help() for name, sub in dict(choices.choices).items()}


def worded(line: str) -> str:
    """A line without what may differ between machines: the last digits of numbers."""
    return re.sub(r"\d+\.(\d+)", "#", line).strip()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.tf
def test_the_worked_example_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    folder = str(Path(sys.executable).parent)
    steps = [step for block in BLOCK.findall(README) for step in STEP.split(block)[1:]]
    assert len(steps) >= 4
    for step in steps:
        command, *expected = step.splitlines()
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, f"$ {command}\n{done.stderr}"
        said = [worded(line) for line in done.stdout.splitlines()]
        if command.startswith("mpsearch search"):
            # Another processor may find another plan of nearly the same bytes.
            shape = [re.sub(r"[\d,]+", "#", line) for line in said]
            assert [re.sub(r"[\d,]+", "#", worded(line)) for line in expected] == shape[:4]
            before, after = map(_number, re.findall(r"[\d,]{5,}", done.stdout)[:2])
            assert before == 4_941_984
            assert after == pytest.approx(1_850_945, rel=0.05)
        elif command.startswith("mpsearch verify"):
            # So are its bytes.
            shape = [re.sub(r"[\d,]{5,}", "#", line) for line in said]
            assert [re.sub(r"[\d,]{5,}", "#", worded(line)) for line in expected] == shape
        else:
            for line in expected:
                assert worded(line) in said, f"$ {command}\n{done.stdout}"


def _number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(not (ROOT / ".venv").is_dir(), reason="make has not set up ./.venv")
def test_make_demo_ends_with_a_quanti_array() -> None:
    done = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "within the budget of 2 pp" in done.stdout
    assert re.search(r"quanti_array = \[\n(    '\w+', +# \d \w+\n){6}\]", done.stdout)


def test_the_readme_lists_every_command() -> None:
    for name in commands():
        assert f"| `mpsearch {name}` |" in README


def test_every_command_and_option_has_help() -> None:
    for name, text in commands().items():
        assert len(text.splitlines()) > 5, name
    (choices,) = [a for a in parser()._actions if a.choices and a.metavar == "COMMAND"]
    assert choices.choices is not None
    for name, sub in dict(choices.choices).items():
        for action in sub._actions:
            assert action.help, f"{name} {action.option_strings or action.dest}"


def test_the_formats_page_names_every_setting() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in Question.__dataclass_fields__:
        assert f"`{name}`" in page


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_worked_studies_say_what_their_plans_say() -> None:
    for study in sorted((ROOT / "studies").glob("*/study.toml")):
        read_question(study)
        for name in ("plan.json", "quanti_array.py", "NOTES.md"):
            assert (study.parent / name).is_file(), f"{study.parent.name}: {name}"


@pytest.mark.tf
def test_the_bundled_study_is_one_of_the_bundled_model(tmp_path: Path) -> None:
    from mpsearch.cli.main import run

    assert run(["export", str(ROOT / "studies" / "digits"), "--to", str(tmp_path)]) == 0
    ours = (ROOT / "studies" / "digits" / "quanti_array.py").read_text(encoding="utf-8")
    assert (tmp_path / "quanti_array.py").read_text(encoding="utf-8") == ours
