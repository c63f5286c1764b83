"""Every reader of files and texts of others' making, with files to damage."""

import json
import random
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from made_study import MadeStudy
from mutation import damaged, damaged_json

from mpsearch.export.packed import PackedContents, PackedFile, write_packed
from mpsearch.export.plan_json import PlanFile, read_plan_file
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array
from mpsearch.schemes import parse_scheme
from mpsearch.search.result_json import read_result, result_text
from mpsearch.sensitivity.profile_file import read_profile
from mpsearch.study.storage.address import Address
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan
from mpsearch.values.study_toml import read_question, settings_text

LAYERS: Final = ("conv1", "conv 2", "größe", "dense")
_SCHEMES: Final = ("fix8", "prun_0.005", "bitwiseAnd_13", "prun50_e4m3")
_PACKED_SCHEMES: Final = (
    *("fix8", "prun_0.1", "bitwiseAnd_13", "fl16", "bitwiseAnd_20", "original", "int4c", "e5m2"),
    *("dfix3", "km3", "prun50_e4m3", "int3c", "e2m3", "bf16", "bitwiseMid_20"),
)
_TOML: Final = """\
model = "model.keras"
images = ["a.png", "photos"]
budget = 2.0
schemes = ["documented", "int4c"]
metric = "p95"
holdout = 0.25
calibrate = true
trials = 40
timeout = 60.5
seed = 3
memory = "2GiB"
storage = "postgresql+psycopg://me:***@host/db"
lock = { "conv*" = "fix8" }
forbid = { "dense" = ["fl16", "fix8"] }
tie = ["conv1,conv2"]
"""


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        seeds: Makes whole files, in a folder that is empty.
        read: Reads a file; what it finds damaged, it says as an MPSearchError.
        damage: Makes a damaged file of a seed.
    """

    seeds: Callable[[Path], Sequence[bytes]]
    read: Callable[[Path], object]
    damage: Callable[[bytes, random.Random], bytes]


def _of_json(data: bytes, chance: random.Random) -> bytes:
    return damaged_json(_parsed(data), chance) if chance.random() < 0.6 else damaged(data, chance)


@cache
def _parsed(data: bytes) -> Any:
    return json.loads(data)


def _packed_seeds(folder: Path) -> Sequence[bytes]:
    """Small files of every scheme and method."""
    even = np.random.default_rng(0).normal(0, 0.1, 700).astype(np.float32)
    arrays = [
        np.tile(even[:300], 4),
        *[even] * 5,
        *[even.reshape(10, 70)] * 5,
        *[even.reshape(5, 2, 10, 7)] * 4,
    ]
    axes = {11: (-2,), 12: (-2, -1)}
    layers = [
        WeightLayer(i, f"l{i}", "Dense", (WeightTensor("kernel", a.shape, axes.get(i, (-1,))),))
        for i, a in enumerate(arrays)
    ]

    def packed(first: int, last: int, coding: Any) -> bytes:
        some = [WeightLayer(i, k.name, k.kind, k.tensors) for i, k in enumerate(layers[first:last])]
        write_packed(
            folder / "seed.mpq",
            PackedContents(
                model="m",
                model_name="m",
                layers=some,
                weights=lambda i: (arrays[first + i],),
                plan=Plan(tuple(k.name for k in some), _PACKED_SCHEMES[first:last]),
                others=(),
                coding=coding,
            ),
        )
        return (folder / "seed.mpq").read_bytes()

    # One file of each scheme by itself, read quickly, and one of all.
    every = [(i, i + 1) for i in range(len(arrays))] + [(0, len(arrays))]
    return [packed(*part, coding) for coding in ("none", "entropy") for part in every]


def repaired(data: bytes) -> bytes:
    """A packed file with right checksums, as far as there is a header that says where."""
    length = int.from_bytes(data[8:12], "little")
    text, body = data[16 : 16 + length], data[16 + length :]
    try:
        header = json.loads(text)
        for one in (*header["tensors"], *header["others"]):
            piece = body[one["offset"] : one["offset"] + one["length"]]
            one["crc32"] = f"{zlib.crc32(piece):08x}"
        text = json.dumps(header, separators=(",", ":")).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    start = data[:8] + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little")
    return start + text + body


def _damaged_packed(data: bytes, chance: random.Random) -> bytes:
    length = int.from_bytes(data[8:12], "little")
    kind = chance.random()
    if kind < 0.3:
        header = damaged_json(_parsed(data[16 : 16 + length]), chance)
        data = (
            data[:8]
            + len(header).to_bytes(4, "little")
            + data[12:16]
            + header
            + data[16 + length :]
        )
    elif kind < 0.7:  # codes alone
        data = data[: 16 + length] + damaged(data[16 + length :], chance)
    else:
        data = damaged(data, chance)
    return repaired(data) if chance.random() < 0.9 else data


def _read_packed(path: Path) -> None:
    with PackedFile.open(path) as packed:
        for entry in packed.header.tensors:
            assert np.isfinite(packed.weights(entry)).all(), f"{entry} holds what is not finite"
        for other in packed.header.others:
            packed.other(other)


def _plan_seeds(_: Path) -> Sequence[bytes]:
    plan = Plan(LAYERS, _SCHEMES)
    whole = PlanFile(plan, "digest", 1234, 0.5, "mean", 2.0, "entropy", True)
    return [whole.to_json().encode(), PlanFile(plan, "", 0).to_json().encode()]


def _quanti_array_seeds(_: Path) -> Sequence[bytes]:
    plan = Plan(LAYERS, _SCHEMES)
    mapping = json.dumps({"plan": plan.as_mapping()})
    texts = [quanti_array_file(plan), str(list(_SCHEMES)), json.dumps(_SCHEMES), mapping]
    return [text.encode() for text in texts]


def _profile_seeds(folder: Path) -> Sequence[bytes]:
    MadeStudy(folder, ("conv1", "dense"), trials=3).write_profile()
    return [(folder / "profile.json").read_bytes()]


def _result_seeds(folder: Path) -> Sequence[bytes]:
    MadeStudy(folder, ("conv1", "dense"), trials=6).write_result()
    return [(folder / "result.json").read_bytes()]


def _read_settings(path: Path) -> None:
    settings_text(read_question(path), path.parent)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


TARGETS: Final = {
    "packed": Target(_packed_seeds, _read_packed, _damaged_packed),
    "plan": Target(_plan_seeds, lambda path: read_plan_file(path, LAYERS, "digest"), _of_json),
    "quanti_array": Target(
        _quanti_array_seeds, lambda path: read_quanti_array(str(path), LAYERS), damaged
    ),
    "settings": Target(lambda _: [_TOML.encode()], _read_settings, damaged),
    "profile": Target(_profile_seeds, lambda path: read_profile(path).to_json(), _of_json),
    "result": Target(_result_seeds, lambda path: result_text(*read_result(path)), _of_json),
    "storage": Target(
        lambda _: [
            b"postgresql+psycopg://me:p%40ss@[::1]:5432/db?sslmode=require&password=x",
            b"sqlite:////tmp/study.db",
            b"journal:///here.log",
            b"grpc://host:13000",
        ],
        lambda path: Address.parse(_text(path)),
        damaged,
    ),
    "scheme": Target(
        lambda _: [name.encode() for name in (*_SCHEMES, *_PACKED_SCHEMES)],
        lambda path: parse_scheme(_text(path)),
        damaged,
    ),
}


def seeds_of(target: Target) -> Sequence[bytes]:
    """Whole files for a target."""
    with tempfile.TemporaryDirectory() as folder:
        return target.seeds(Path(folder))
