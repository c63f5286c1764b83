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
def test_processes_and_threads_do_not_show() -> None:
    said = set()
    for number in ("1", "2", None):
        settings = {} if number is None else dict.fromkeys(THREADS, number)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1
    assert int(said.pop().split()[0]) > 1000
