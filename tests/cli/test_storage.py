"""Storages that cannot be had, said before anything is loaded."""

import json
import socket
import subprocess
import sys

import pytest

_PROGRAM = """
import json, sys
from mpsearch.cli.main import run
code = run(sys.argv[1:])
print(json.dumps([code, "tensorflow" in sys.modules]))
"""


@pytest.mark.parametrize("url", ["postgresql://u:sesame@127.0.0.1:{}/d", "redis://x", "sqlite:///"])
def test_it_is_said_in_one_line_before_the_model_is_loaded(url: str) -> None:
    with socket.socket() as nobody:  # bound, but it does not listen
        nobody.bind(("127.0.0.1", 0))
        url = url.format(nobody.getsockname()[1])
        command = ["search", "--budget", "1", "--storage", url]
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *command], capture_output=True, text=True, check=True
        )
    code, has_tensorflow = json.loads(done.stdout)
    assert code == (3 if url.startswith("postgresql") else 2)
    assert not has_tensorflow
    assert done.stderr.startswith("mpsearch: error: ")
    assert done.stderr.count("\n") == 1
    assert "sesame" not in done.stderr
