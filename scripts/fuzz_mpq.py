"""Feed the reader of packed files millions of damaged ones; nothing but PackedError may come out.

Each input is a small packed file with some bytes changed; half of the time checksums are made
right again, so that the decoders behind them are reached. Whatever is found goes into the corpus of
tests/export/packed.

Run: python scripts/fuzz_mpq.py [-runs=1000000] [CORPUS_FOLDER]; options are libFuzzer's (its
own instrumentation takes some 8 kB of memory a run: give -rss_limit_mb for long ones). Without the
package atheris, changes are random instead of guided by coverage (``--random N``).
"""

import json
import random
import resource
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.core.errors import PackedError
from mpsearch.core.layer import WeightLayer, WeightTensor
from mpsearch.core.plan import Plan
from mpsearch.export.packed import PackedFile, write_packed

SCHEMES: Final = (
    "fix8",
    "prun_0.1",
    "bitwiseAnd_13",
    "fl16",
    "bitwiseAnd_20",
    "original",
    "int4c",
    "e5m2",
    "dfix3",
    "km3",
    "prun50_e4m3",
    "int3c",
    "e2m3",
    "bf16",
    "bitwiseMid_20",
)
_START: Final = 16  # bytes before the JSON text


def seeds() -> list[bytes]:
    """Small files of every scheme and method."""
    rng = np.random.default_rng(0)
    even = rng.normal(0, 0.1, 700).astype(np.float32)
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
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.mpq"
        for coding in ("none", "entropy"):
            write_packed(
                path,
                model="m",
                model_name="m",
                layers=layers,
                weights=lambda i: (arrays[i],),
                plan=Plan(tuple(layer.name for layer in layers), SCHEMES),
                others=(),
                coding="entropy" if coding == "entropy" else "none",
            )
            found.append(path.read_bytes())
    return found


def repaired(data: bytes) -> bytes:
    """The same with right checksums, as far as there is a header that says where."""
    length = int.from_bytes(data[8:12], "little")
    text, body = data[_START : _START + length], data[_START + length :]
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


def try_file(path: Path, data: bytes) -> None:
    """Read everything there is; what is read must be finite."""
    path.write_bytes(data)
    try:
        with PackedFile(path) as packed:
            for entry in packed.header.tensors:
                if not np.isfinite(packed.weights(entry)).all():
                    raise AssertionError(f"{entry} holds what is not finite")
            for other in packed.header.others:
                packed.other(other)
    except PackedError:
        pass


def changed(data: bytes, rng: random.Random) -> bytes:
    """Some bytes or digits replaced, taken out or put in."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found))
        kind = rng.random()
        if kind < 0.6:
            found[at] = rng.choice((rng.randrange(256), found[at] ^ 1 << rng.randrange(8)))
        elif kind < 0.8:
            del found[at : at + rng.randint(1, 8)]
        else:
            found[at:at] = bytes(rng.choices(b'0123456789-.,:[]{}"e', k=rng.randint(1, 4)))
    return bytes(found)


def run_random(count: int) -> None:
    """Random changes; says how often files could still be read, and how memory grew."""
    rng = random.Random(0)
    originals = seeds()
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "fuzz.mpq"
        before = 0
        for number in range(count):
            data = changed(rng.choice(originals), rng)
            if rng.random() < 0.7:
                data = repaired(data)
            try_file(path, data)
            if number == min(2000, count // 10):
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{count:,} files, nothing but PackedError; memory grew by {grown:.0f} MB")


def run_guided() -> None:
    """By coverage, with atheris."""
    import atheris  # noqa: PLC0415 - not a dependency: for long runs only

    atheris.instrument_all()
    place = Path(tempfile.mkdtemp()) / "fuzz.mpq"

    def one(data: bytes) -> None:
        try_file(place, repaired(data[1:]) if data[:1] > b"\x80" else data[1:])

    corpus = Path(next((a for a in sys.argv[1:] if not a.startswith("-")), tempfile.mkdtemp()))
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed{number}").write_bytes(b"\xff" + seed)
    options = [a for a in sys.argv[1:] if a.startswith("-")]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--random" in sys.argv:
        run_random(int(sys.argv[sys.argv.index("--random") + 1]))
    else:
        run_guided()
