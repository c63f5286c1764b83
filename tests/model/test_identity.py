"""What moves the last digits is said, and is the same on every processor."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tf


@pytest.mark.parametrize(
    ("first", "setting", "said"),
    [
        ("", None, "1"),
        pytest.param("", "0", "0", marks=pytest.mark.long),
        # It has chosen by the processor, before us.
        pytest.param("import tensorflow", None, "default", marks=pytest.mark.long),
    ],
)
def test_one_dnn_is_on_unless_somebody_chose(first: str, setting: str | None, said: str) -> None:
    program = f"{first}\nfrom mpsearch.model.identity import numerics\nprint(numerics())"
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    if setting is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = setting
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith(f"oneDNN {said}")
