"""Whatever a command writes, it writes through no link inside the folder it was given."""

import os
from pathlib import Path

import pytest
from made_study import made_study

from mpsearch.cli.main import run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")

COMMANDS = {
    "create": "create bitwiseAnd_20 --out out",
    "check": "check uniform --schemes fl16 --out out",
    "export": "export plan.json --format npy json packed --to out",
    "report": "report out other",
    "search": "search --budget 3 --trials 2 --out out --quiet",
}


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", COMMANDS)
def test_links_in_the_place_of_what_it_wrote(
    here: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "report":
        for study in ("out", "other"):
            made_study(here / study, ["conv1", "dense"])
    if name == "export":
        assert run(["search", "--budget", "3", "--trials", "2", "--out", ".", "--quiet"]) == 0
    command = COMMANDS[name].split()
    assert run(command) == 0
    out = here / "out"
    folders = sorted(path for path in out.rglob("*") if path.is_dir())
    assert folders or name == "search"
    files = sorted(
        path for path in out.rglob("*") if path.is_file() and "study.db" not in path.name
    )
    outside = here / "outside"
    for file in files:
        place = outside / file.relative_to(out)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    before = everything(outside)
    for folder in {*folders[:2], *folders[-1:]}:
        aside = here / "aside"
        folder.rename(aside)
        folder.symlink_to(outside / folder.relative_to(out))
        capsys.readouterr()
        assert run(command) == 2
        said = capsys.readouterr().err
        assert "is a symbolic link to" in said
        assert said.splitlines()[-1].startswith("mpsearch: error: ")  # after a note, at most
        assert said.count("mpsearch: error: ") == 1
        folder.unlink()
        aside.rename(folder)
    for file in files:
        file.unlink()
        file.symlink_to(outside / file.relative_to(out))
    assert run(command) == 0
    assert everything(outside) == before
