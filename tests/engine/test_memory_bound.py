"""Measuring takes no more memory than it was told, whatever the activations would need."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tf

MEBI = 2**20

# Ten layers whose outputs are 2 MiB an image each: 23 plans on 12 images would keep over 5 GiB.
PROGRAM = """
import json, re, sys
from pathlib import Path
import numpy as np
from mpsearch.values.plan import Plan
from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.model.backend import keras
from mpsearch.model.network import KerasNetwork

memory = int(sys.argv[1])
keras.utils.set_random_seed(0)
layers = [keras.Input((184, 184, 3))]
layers += [keras.layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(10)]
layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(4, activation="softmax")]
network = KerasNetwork(keras.Sequential(layers))
x = np.random.default_rng(0).normal(0, 1, (12, 184, 184, 3)).astype(np.float32)
names = [layer.name for layer in network.layers]
base = Plan.uniform(names, "original")
warm = Engine.of(network, WeightBank(network, 2**20), x[:1], None, 2**20)
warm.measure([base.replace(name, "fix8") for name in names])
# Not ru_maxrss: a new program inherits it from the process that started it.
status = Path("/proc/self/status")
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) * 1024
before = peak()
engine = Engine.of(network, WeightBank(network, memory // 4), x, None, memory)
schemes = ["fix8", "bitwiseAnd_20"]
plans = [base.replace(name, scheme) for name in names for scheme in schemes]
found = engine.measure(plans + [Plan.uniform(names, scheme) for scheme in schemes])
sums = [float(m.confidence.sum()) for m in found]
print(json.dumps({"grown": peak() - before, "sums": sums}))
"""


def measure(memory: int) -> tuple[int, list[float]]:
    """Bytes by which the process grew, and what it found."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(memory)], capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout.splitlines()[-1])
    return int(result["grown"]), list(result["sums"])


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the peak")
def test_activations_stay_within_the_bound() -> None:
    little, few = measure(64 * MEBI)
    much, same = measure(512 * MEBI)
    assert few == pytest.approx(same, abs=6e-5)
    assert little <= 64 * MEBI
    assert much <= 512 * MEBI
    assert much > 2 * little  # the bound is what holds it, not the network


# 400 images of 1.2 MB each as float32, and a network of 35 MB: four times --memory of images alone.
IMAGES, SIDE, MODEL_NBYTES, MEMORY = 400, 320, 35 * MEBI, 144 * MEBI
COMMAND = """
import os, re, sys
from pathlib import Path
os.chdir(sys.argv[1])
from mpsearch.model.backend import keras
keras.utils.set_random_seed(0)
keras.Sequential([
    keras.Input((320, 320, 3)),
    keras.layers.Conv2D(16, 8, strides=8, activation="relu"),
    keras.layers.MaxPooling2D(2),
    keras.layers.Flatten(),
    keras.layers.Dense(1380, activation="relu"),
    keras.layers.Dense(5, activation="softmax"),
]).save("net.keras")
from mpsearch.cli.main import run
code = run(sys.argv[2:])
# Not ru_maxrss: a new program inherits it from the process that started it.
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(code, int(peak) * 1024)
"""


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the peak")
def test_a_process_takes_three_models_the_memory_and_a_gibibyte(tmp_path: Path) -> None:
    x = np.zeros((IMAGES, SIDE, SIDE, 3), np.uint8)
    x[:, :, ::7] = np.arange(IMAGES, dtype=np.int64)[:, None, None, None] % 251
    np.savez(tmp_path / "x.npz", x=x)
    argv = ["search", "--model", "net.keras", "--images", "x.npz", "--preprocess", "unit"]
    argv += ["--budget", "2", "--schemes", "original,fl16", "--trials", "2"]
    argv += ["--memory", str(MEMORY), "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(tmp_path), *argv],
        capture_output=True,
        text=True,
        check=False,
    )
    code, peak = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0, done.stderr[-500:]
    assert x.size * 4 > 3 * MEMORY
    assert peak <= 3 * MODEL_NBYTES + MEMORY + 1024 * MEBI
