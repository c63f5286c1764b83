"""How fast is a packed file written and read, beside plain float32 arrays?

Claims, on SqueezeNet 1.1 and on random weights in VGG19's shapes:

- reading: all tensors decoded at 0.3 times the speed of numpy.load of the same arrays, at least,
  over the documented schemes (one file for each, every third one for VGG19; times added up);
- writing: at 0.3 times the speed of numpy.save of them, at least, in the same way;
- memory, under every scheme: beyond the decoded tensors (reading), or the weights (writing), at
  most 1.5 times the largest tensor, by tracemalloc.

Files lie in memory (/dev/shm) where there is such a place: what is measured is the work, not the
disk. Run: python scripts/bench/packed_speed.py [squeezenet|vgg19]; 2 minutes, 3 GB of memory.
"""

import contextlib
import itertools
import os
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock

import numpy as np
from loops import DATA
from turns import medians

from mpsearch.export.packed import PackedContents, PackedFile, write_packed
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan
from mpsearch.workbench.open_model import open_model

SPEED: Final = 0.3
MEMORY: Final = 1.5
TURNS: Final = 3
_SIDES: Final = (3, 64, 64, 128, 128, *[256] * 4, *[512] * 8)

Tensors = list[tuple[Float32Array, ...]]


def vgg19() -> Tensors:
    """Random weights in the shapes of VGG19."""
    rng = np.random.default_rng(0)
    shapes: list[tuple[int, ...]] = [(3, 3, a, b) for a, b in itertools.pairwise(_SIDES)]
    shapes += [(25088, 4096), (4096, 4096), (4096, 1000)]
    return [
        (rng.standard_normal(s, np.float32) * np.float32(0.05), np.zeros(s[-1], np.float32))
        for s in shapes
    ]


def squeezenet() -> Tensors:
    """The trained weights of SqueezeNet 1.1."""
    model = open_model(str(DATA / "models" / "squeezenet11_imagenet.keras"))
    return [tuple(w.copy() for w in model.network.weights(k.index)) for k in model.layers]


def layers_of(tensors: Tensors) -> list[WeightLayer]:
    """Names for them."""
    return [
        WeightLayer(
            i,
            f"layer{i}",
            "Conv2D",
            tuple(
                WeightTensor(n, a.shape) for n, a in zip(("kernel", "bias"), arrays, strict=True)
            ),
        )
        for i, arrays in enumerate(tensors)
    ]


def write(tensors: Tensors, scheme: str, path: Path) -> None:
    """Write a packed file under one scheme."""
    layers = layers_of(tensors)
    write_packed(
        path,
        PackedContents(
            model="",
            model_name="",
            layers=layers,
            weights=lambda i: tensors[i],
            plan=Plan.uniform([layer.name for layer in layers], scheme),
            others=(),
        ),
    )


def read(path: Path) -> list[Float32Array]:
    """All tensors of a packed file."""
    with PackedFile.open(path) as packed:
        return [packed.weights(entry) for entry in packed.header.tensors]


def save(tensors: Tensors, folder: Path) -> list[Path]:
    """One .npy per array."""
    paths = []
    for number, array in enumerate(a for arrays in tensors for a in arrays):
        paths.append(folder / f"{number}.npy")
        np.save(paths[-1], array)
    return paths


def peak(work: Callable[[], object]) -> int:
    """Bytes held at once, at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """A folder in memory, where files need no flushing."""
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        mock.patch("os.fsync"),  # numpy.save does not either
    ):
        yield Path(folder)


def measure(name: str, tensors: Tensors, schemes: Sequence[str], folder: Path) -> bool:
    """One model; print a line per scheme."""
    arrays = [a for one in tensors for a in one]
    whole, largest = sum(a.nbytes for a in arrays), max(a.nbytes for a in arrays)
    paths = save(tensors, folder)
    file = folder / "packed.mpq"
    times = np.zeros(4)
    most = 0.0
    for scheme in schemes:
        write(tensors, scheme, file)
        for array, decoded in zip(arrays, read(file), strict=True):
            expected = parse_scheme(scheme).apply(array)
            if not np.array_equal(expected.view(np.uint32), decoded.view(np.uint32)):
                raise SystemExit(f"{scheme}: not bit-exact")
        found = medians(
            TURNS,
            lambda: [np.load(path) for path in paths],
            lambda: read(file),
            lambda: save(tensors, folder),
            partial(write, tensors, scheme, file),
        )
        reading = (peak(lambda: read(file)) - whole) / largest
        writing = peak(partial(write, tensors, scheme, file)) / largest
        times += found
        most = max(most, reading, writing)
        print(f"{name} {scheme:13} {_ratios(*found)}; memory {max(reading, writing):.2f}")
    load, unpack, store, pack = times
    fine = min(load / unpack, store / pack) >= SPEED and most <= MEMORY
    print(
        f"{name} all schemes   {_ratios(*times)}; memory at most {most:.2f} x the largest tensor: "
        f"{'holds' if fine else 'FAILS'}"
    )
    return bool(fine)


def _ratios(load: float, unpack: float, store: float, pack: float) -> str:
    return (
        f"read {load / unpack:.2f} x numpy.load ({load * 1000:.0f} ms), written "
        f"{store / pack:.2f} x numpy.save ({store * 1000:.0f} ms)"
    )


def main() -> None:
    """Measure; exit with 1 if a claim does not hold."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    makers = {"squeezenet": squeezenet, "vgg19": vgg19}
    holds = True
    for name in sys.argv[1:] or makers:
        with place() as folder:
            schemes = DOCUMENTED[1::3] if name == "vgg19" else DOCUMENTED
            holds &= measure(name, makers[name](), schemes, folder)
    print(f"claims: speed >= {SPEED}, memory <= {MEMORY}: {'hold' if holds else 'FAIL'}")
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
