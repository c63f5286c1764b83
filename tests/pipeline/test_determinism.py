"""Scores are the same to the last bit in every process, with any number of threads."""

import os
import subprocess
import sys

import pytest

MEASURE = """
import hashlib
import mpsearch
from mpsearch.values.plan import Plan

work = mpsearch.load()
names = work.model.layer_names
plans = [Plan.uniform(names, scheme) for scheme in ("fix8", "fl16", "bitwiseAnd_19")]
found = [work.engine.baseline, *work.engine.measure(plans)]
whole = b"".join(one.confidence.tobytes() + one.margin.tobytes() for one in found)
print(len(whole), hashlib.sha256(whole).hexdigest())
"""
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@pytest.mark.slow
@pytest.mark.tf
def test_processes_and_threads_do_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    """Of this process, whose threads are as many as processors, and of one with another number."""
    number = "1" if os.cpu_count() != 1 else "2"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env={**os.environ, **dict.fromkeys(THREADS, number)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    exec(MEASURE, {})
    assert capsys.readouterr().out == done.stdout
    assert int(done.stdout.split()[0]) > 1000
