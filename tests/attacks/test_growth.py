"""Small files that ask for gigabytes or minutes are refused in seconds and megabytes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crafted.attack import Attack
from crafted.growth import GROWTH
from opened import opened

from mpsearch.model.backend import keras
from mpsearch.values.errors import ModelError

pytestmark = pytest.mark.tf

keras.backend.backend()  # TensorFlow is imported before anything is measured

SLOWEST = 5.0  # seconds of this process' work; none takes a fifth of it
MOST = 256 * 2**20  # bytes by which it may have grown at any time; none takes a tenth of it
_STATUS = Path("/proc/self/status")
_PEAK = Path("/proc/self/clear_refs")  # "5" sets the peak anew


@pytest.fixture
def growth() -> Iterator[None]:
    """Refuses a test in which the process grows, where the system says so."""
    try:
        _PEAK.write_text("5")
    except OSError:
        yield
        return
    before = peak()
    yield
    assert peak() - before < MOST


def peak() -> int:
    (line,) = [one for one in _STATUS.read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.usefixtures("growth")
@pytest.mark.parametrize("attack", GROWTH, ids=lambda attack: attack.name)
def test_a_file_that_grows_is_refused(tmp_path: Path, attack: Attack) -> None:
    path = tmp_path / attack.name
    path.write_bytes(attack.build(tmp_path / "marker"))
    assert path.stat().st_size < 2**20
    before = time.process_time()
    with pytest.raises(ModelError) as caught:
        opened(path)
    assert time.process_time() - before < SLOWEST
    said = str(caught.value)
    assert attack.says in said
    assert "layer '" in said
    assert "\n" not in said
    assert ";" in said
