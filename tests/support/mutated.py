"""Files that were honest until something happened to them."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from crafted.blocks import h5_file, keras_file, layer, network

_HEAD = 4096  # where most of the structure is


_NUMBER = re.compile(rb"(?<=[ \[])\d+(?=[,\]}])")  # of JSON


def grown_files(
    seed: int, count: int, honest: Sequence[tuple[str, bytes]]
) -> Iterator[tuple[str, bytes]]:
    """As :func:`mutated_files`, of files that are given: in every other one sizes grow as well.

    Numbers keep their length, so that the file around them stays as it was.
    """
    rng = np.random.default_rng(seed)
    for number in range(count):
        ending, content = honest[number % len(honest)]
        data = bytearray(content)
        sizes = list(_NUMBER.finditer(content))
        for _ in range(int(rng.integers(1, 21))):
            if number // len(honest) % 2 and sizes:
                one = sizes[int(rng.integers(0, len(sizes)))]
                data[one.start() : one.end()] = b"9" * len(one[0])
            else:
                _change(data, rng)
        yield ending, content[:8] + bytes(data[8:])


def mutated_files(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Ending and content of *count* files, the same for the same seed.

    Changes are one to twenty: of a bit, of a byte, of a run of bytes, of the length.
    """
    rng = np.random.default_rng(seed)
    model = network(layer("Conv2D", "conv", filters=3, kernel_size=[1, 1]))
    honest = {".h5": h5_file(model), ".keras": keras_file(model)}
    for number in range(count):
        ending = (".h5", ".h5", ".keras")[number % 3]  # HDF5 has no checksums
        data = bytearray(honest[ending])
        for _ in range(int(rng.integers(1, 21))):
            _change(data, rng)
        magic = honest[ending][:8]
        yield ending, magic + bytes(data[8:])


def _change(data: bytearray, rng: np.random.Generator) -> None:
    end = len(data) if rng.random() < 0.5 else min(_HEAD, len(data))
    at = int(rng.integers(0, max(1, end)))
    run = int(rng.integers(1, 9))
    match int(rng.integers(0, 6)):
        case 0:
            data[at] ^= 1 << int(rng.integers(0, 8))
        case 1:
            data[at] = int(rng.integers(0, 256))
        case 2:
            data[at : at + run] = b"\xff" * len(data[at : at + run])
        case 3:
            data[at : at + run] = bytes(len(data[at : at + run]))
        case 4:
            source = int(rng.integers(0, len(data)))
            data[at : at + run] = data[source : source + run]
        case _:
            if rng.random() < 0.1 and at > 16:
                del data[at:]
