"""What a search may be asked, on the command line."""

from pathlib import Path

import pytest
from command_line import answer

from mpsearch.cli.main import run

pytestmark = pytest.mark.tf


def test_a_long_menu_finds_smaller_plans_that_are_packed_and_proved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--budget", "1", "--holdout", "0", "--out", "s")
    plain = answer(capsys, "search", *options)
    found = answer(capsys, "search", *options, "--schemes", "extended")
    assert found["feasible"]
    assert found["nbytes"] < 0.6 * plain["nbytes"]
    assert found["dominated"] > 50
    assert plain["dominated"] == 0
    assert run(["export", "s", "--format", "packed", "keras", "--to", "e"]) == 0
    capsys.readouterr()
    (file,) = Path("e").glob("*.mpq")
    proof = answer(capsys, "verify", str(file))
    assert proof["bit_exact"]
    assert proof["nbytes"] == found["nbytes"]
    assert proof["drop_pp"] == pytest.approx(found["drop_pp"], abs=1e-3)
    assert run(["search", *options, "--schemes", "extended"]) == 0
    assert "schemes of layers: others beat them in bytes and error" in capsys.readouterr().out
