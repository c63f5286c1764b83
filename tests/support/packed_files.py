"""Small packed files without a Keras model."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpsearch.export.packed import PackedContents, PackedFile, PackedSizes, write_packed
from mpsearch.values.arrays import Codes, Float32Array, UInt8Array
from mpsearch.values.choices import Coding
from mpsearch.values.errors import PackedError
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan

#: What is done to a file's header.
Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Parameter:
    """A parameter outside weight layers."""

    name: str
    values: np.ndarray[tuple[int, ...], np.dtype]

    @property
    def dtype(self) -> str:
        return str(self.values.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def nbytes(self) -> int:
        return self.values.nbytes

    def data(self) -> UInt8Array:
        return np.frombuffer(self.values.tobytes(), np.uint8)


OTHERS = (
    Parameter("norm/gamma", np.linspace(0.5, 2, 7, dtype=np.float32)),
    Parameter("counter", np.array(12, dtype=np.int64)),
)


def layers_of(*tensors: tuple[Float32Array, ...]) -> tuple[WeightLayer, ...]:
    """One layer per tuple of arrays: kernel and bias."""
    return tuple(
        WeightLayer(
            index,
            f"conv/{index} \u00e4",
            "Conv2D",
            tuple(
                WeightTensor(name, array.shape)
                for name, array in zip(("kernel", "bias"), arrays, strict=False)
            ),
        )
        for index, arrays in enumerate(tensors)
    )


def write(
    path: Path,
    schemes: tuple[str, ...],
    tensors: tuple[tuple[Float32Array, ...], ...],
    coding: Coding = "none",
    others: tuple[Parameter, ...] = OTHERS,
    codes: Callable[[int, str], tuple[Codes, ...] | None] = lambda _layer, _scheme: None,
) -> PackedSizes:
    """Write a packed file of as many layers as there are schemes."""
    layers = layers_of(*tensors)
    return write_packed(
        path,
        PackedContents(
            model="0123456789abcdef",
            model_name="small",
            layers=layers,
            weights=lambda index: tensors[index],
            plan=Plan(tuple(layer.name for layer in layers), schemes),
            others=others,
            coding=coding,
            codes=codes,
        ),
    )


def read(path: Path) -> tuple[list[Float32Array], list[UInt8Array]]:
    """All weights and the bytes of all other parameters."""
    with PackedFile.open(path) as packed:
        return (
            [packed.weights(entry) for entry in packed.header.tensors],
            [packed.other(entry) for entry in packed.header.others],
        )


def with_header(data: bytes, change: Change) -> bytes:
    """The file with another header whose length and checksum are right."""
    length = int.from_bytes(data[8:12], "little")
    document = json.loads(data[16 : 16 + length])
    changed = change(document)
    text = changed if isinstance(changed, bytes) else json.dumps(document).encode()
    start = data[:8] + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little")
    return start + text + data[16 + length :]


def put(key: str, value: Any) -> Change:
    """Another value of a header's key."""
    return lambda header: header.update({key: value})


def put_in(where: str, position: int, key: str, value: Any) -> Change:
    """Another value of a key of one of the header's entries."""
    return lambda header: header[where][position].update({key: value})


def small(path: Path, coding: Coding = "none") -> bytes:
    """Write a packed file of three layers; returns its bytes."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.1, (3, 40)).astype(np.float32)
    long = np.tile(rng.normal(0, 0.1, 300).astype(np.float32), 4)
    write(
        path, ("fix8", "prun_0.1", "bitwiseAnd_13"), ((kernel, kernel[0]), (long,), (long,)), coding
    )
    return path.read_bytes()


def refused(path: Path, data: bytes) -> str:
    """Why a file is not read."""
    path.write_bytes(data)
    with pytest.raises(PackedError) as error:
        read(path)
    assert str(error.value).isprintable()
    assert str(path) in str(error.value)
    return str(error.value)
