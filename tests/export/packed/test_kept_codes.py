"""Codes kept in a folder: found again bit for bit, and nothing put there is believed."""

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mpsearch.export.packed import KeptCodes
from mpsearch.schemes import parse_scheme
from mpsearch.schemes.fitted import FittedCodes
from mpsearch.values.arrays import Float32Array
from mpsearch.values.layer import WeightLayer, WeightTensor

KEY, SCHEMES = "0" * 64, ("int4c", "km3", "e2m1", "dfix5")
TENSORS = (WeightTensor("kernel", (3, 3, 4, 5)), WeightTensor("bias", (5,)))
LAYERS = (WeightLayer(0, "a/b", "Conv2D", TENSORS), WeightLayer(1, "c", "Conv2D", TENSORS))


def weights(seed: int = 0) -> tuple[Float32Array, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(0, 1, one.shape).astype(np.float32) for one in TENSORS)


def codes(seed: int = 1) -> dict[str, tuple[FittedCodes, ...]]:
    """Of other weights: no scheme would choose these for :func:`weights`."""
    return {scheme: tuple(map(parse_scheme(scheme).encode, weights(seed))) for scheme in SCHEMES}


def same(one: tuple[FittedCodes, ...] | None, other: tuple[FittedCodes, ...]) -> bool:
    assert one is not None
    return all(
        np.array_equal(a.symbols, b.symbols)
        and (a.symbols.dtype, a.symbols.shape) == (b.symbols.dtype, b.symbols.shape)
        and np.array_equal(a.fit, b.fit)
        for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of one layer's codes."""
    KeptCodes.open(tmp_path, KEY, LAYERS).write(1, weights(), codes())
    (file,) = tmp_path.iterdir()
    return file


def test_codes_are_found_again_bit_for_bit(kept: Path) -> None:
    found = KeptCodes.open(kept.parent, KEY, LAYERS)
    for scheme, wanted in codes().items():
        assert (1, scheme) in found
        assert same(found.get(1, scheme), wanted)
    assert (0, "int4c") not in found
    assert found.get(0, "int4c") is None
    assert found.get(1, "int5c") is None


def test_files_of_a_layer_add_up(kept: Path) -> None:
    more = {"int2c": tuple(map(parse_scheme("int2c").encode, weights(3)))}
    store = KeptCodes.open(kept.parent, KEY, LAYERS)
    store.write(1, weights(), more)
    for one in (store, KeptCodes.open(kept.parent, KEY, LAYERS)):
        assert same(one.get(1, "int2c"), more["int2c"])
        assert same(one.get(1, "km3"), codes()["km3"])
    assert len(list(kept.parent.iterdir())) == 2


def test_what_is_of_another_model_is_passed_over(kept: Path) -> None:
    assert (1, "int4c") not in KeptCodes.open(kept.parent, "1" * 64, LAYERS)
    other = (WeightTensor("kernel", (3, 3, 4, 6)), WeightTensor("bias", (6,)))
    layers = (LAYERS[0], WeightLayer(1, "c", "Conv2D", other))
    assert (1, "int4c") not in KeptCodes.open(kept.parent, KEY, layers)
    assert (1, "int4c") not in KeptCodes.open(kept.parent, KEY, LAYERS[:1])
    kept.rename(kept.with_name(kept.name.replace("1-", "0-", 1)))  # another layer's
    assert (0, "int4c") not in KeptCodes.open(kept.parent, KEY, LAYERS)


@pytest.mark.parametrize("part", [0, 9, 40, 0.5, 0.99])
def test_damage_is_passed_over(kept: Path, part: float) -> None:
    data = bytearray(kept.read_bytes())
    data[int(part * len(data)) if part < 1 else int(part)] ^= 4
    kept.write_bytes(data)
    store = KeptCodes.open(kept.parent, KEY, LAYERS)
    wanted = codes()
    sound = [same(found, wanted[s]) for s in SCHEMES if (found := store.get(1, s)) is not None]
    assert all(sound)
    assert len(sound) < len(SCHEMES)


def test_a_file_cut_off_is_passed_over(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:-1])
    assert (1, "int4c") not in KeptCodes.open(kept.parent, KEY, LAYERS)


def test_one_that_is_changed_or_gone_meanwhile_is_not_read(kept: Path) -> None:
    store = KeptCodes.open(kept.parent, KEY, LAYERS)
    KeptCodes.open(kept.parent, KEY, LAYERS).write(1, weights(), codes(5))
    assert store.get(1, "int4c") is None
    assert (1, "int4c") not in store
    kept.unlink()
    assert store.get(1, "km3") is None


def forged(path: Path, change: Callable[[bytearray, int, int], None]) -> None:
    """Change the first tensor's bytes, and make the checksums true."""
    data = bytearray(path.read_bytes())
    start = 16 + int.from_bytes(data[8:12], "little")
    header = json.loads(data[16:start])
    first = header["tensors"][0]
    change(data, start, start + first["length"])
    first["crc32"] = f"{zlib.crc32(data[start : start + first['length']]):08x}"
    text = json.dumps(header, separators=(",", ":")).encode()
    data[12:16] = zlib.crc32(text).to_bytes(4, "little")
    data[16:start] = text
    path.write_bytes(data)


def infinite_scale(data: bytearray, start: int, _: int) -> None:
    data[start : start + 2] = np.float16(np.inf).tobytes()


def test_true_checksums_prove_nothing(tmp_path: Path) -> None:
    """Codes without meaning are refused; others are codes of these tensors, and finite."""
    store = KeptCodes.open(tmp_path, KEY, LAYERS)
    store.write(0, weights(), {"int4c": codes()["int4c"]})
    (file,) = tmp_path.iterdir()
    forged(file, infinite_scale)
    assert KeptCodes.open(tmp_path, KEY, LAYERS).get(0, "int4c") is None
    store.write(0, weights(), {"int4c": codes()["int4c"]})
    rng = np.random.default_rng(0)

    def noise(data: bytearray, start: int, stop: int) -> None:
        some = rng.integers(0, 256, stop - start - 10, np.uint8) & 0x77  # codes 0 to 7
        data[start + 10 : stop] = some.tobytes()

    forged(file, noise)
    found = KeptCodes.open(tmp_path, KEY, LAYERS).get(0, "int4c")
    assert found is not None
    for code, tensor in zip(found, TENSORS, strict=True):
        decoded = parse_scheme("int4c").decode(code)
        assert decoded.shape == tensor.shape
        assert np.isfinite(decoded).all()


def test_links_pipes_and_other_files_are_not_opened(kept: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / kept.name).symlink_to(kept)
    os.mkfifo(elsewhere / "1-000000000000.mpq")
    (elsewhere / "1-111111111111.mpq").mkdir()
    (elsewhere / "99999-111111111111.mpq").write_bytes(b"")
    assert (1, "int4c") not in KeptCodes.open(elsewhere, KEY, LAYERS)
    (tmp_path / "link").symlink_to(kept.parent, target_is_directory=True)
    assert (1, "int4c") not in KeptCodes.open(tmp_path / "link", KEY, LAYERS)
    assert (1, "int4c") not in KeptCodes.open(tmp_path / "none", KEY, LAYERS)
