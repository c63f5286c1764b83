"""``mpsearch dashboard`` as a user runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from made_study import made_study

from mpsearch.cli.main import run

pytestmark = pytest.mark.xdist_group("dashboard")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C cannot be sent here")
def test_it_says_where_and_serves_until_ctrl_c(here: Path) -> None:
    made_study(here / "mine", ["conv1", "dense"])
    command = [sys.executable, "-m", "mpsearch", "dashboard", "mine", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found is not None, said
        with urllib.request.urlopen(f"{found[0]}api/studies", timeout=30) as answer:
            (study,) = json.load(answer)["study_summaries"]
        assert study["study_name"] == "made"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == "starting Optuna's dashboard, which takes some seconds\n"


def test_a_folder_that_is_no_study_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    assert run(["dashboard", "empty"]) == 2
    assert "run mpsearch search" in capsys.readouterr().err
    assert run(["dashboard", "nowhere"]) == 2
    assert "'nowhere': no such folder" in capsys.readouterr().err
