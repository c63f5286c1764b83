"""Small files that ask for gigabytes or minutes are refused in seconds and megabytes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crafted.attack import Attack
from crafted.blocks import keras_file, layer
from crafted.growth import GROWTH, classifier, head, pooled
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


def test_a_value_of_hundreds_of_axes_is_refused(tmp_path: Path) -> None:
    """TensorFlow ends the process on one: nothing could be said any more."""
    path = tmp_path / "net.keras"
    long = layer("Reshape", "long", target_shape=[4] + [1] * 300 + [12])
    inner = layer("Sequential", "inner", "keras", layers=[long, layer("ReLU", "r")])
    row = layer("Reshape", "row", target_shape=[1] * 300 + [12])
    for middle in ([long], [layer("TimeDistributed", "t", layer=row)], [inner]):
        path.write_bytes(keras_file(classifier([4, 4, 3], *middle), head(48)))
        with pytest.raises(ModelError, match=r"a value of 30\d axes, .*; ") as caught:
            opened(path)
        assert "\n" not in str(caught.value)


def test_many_layers_in_a_row_are_built_once(tmp_path: Path) -> None:
    """Keras would make a million calls of them."""
    path = tmp_path / "net.keras"
    many = [layer("ReLU", f"r{number}") for number in range(400)]
    path.write_bytes(keras_file(classifier([4, 4, 3], *many, pooled()), head(3)))
    before = time.process_time()
    opened(path)
    assert time.process_time() - before < 4 * SLOWEST
