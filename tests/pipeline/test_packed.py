"""Packed files of real Keras models: as small as was said, bit for bit, and nothing else fits."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import zoo
from command_line import answer

import mpsearch
from mpsearch.api.unpack import unpack
from mpsearch.api.verify import verify
from mpsearch.cli.main import run
from mpsearch.model.backend import keras
from mpsearch.values.choices import CODINGS, Coding
from mpsearch.values.errors import PackedError
from mpsearch.values.plan import Plan
from mpsearch.workbench.packing import pack

pytestmark = pytest.mark.tf

MENU = ("original", "bitwiseAnd_19", "fl16", "fix8", "prun_0.05", "bitwiseAnd_7")
MORE = ("int4c", "e4m3", "dfix5", "km3", "prun50_int6c", "bitwiseMid_20", "fix8m", "bf16", "e2m1")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "menu"),
    [(name, (MENU, MORE)[number % 2]) for number, name in enumerate(zoo.ZOO)]
    + [(name, MORE) for name in ("rows", "attention", "tokens")]
    + [
        pytest.param(name, (MORE, MENU)[number % 2], marks=pytest.mark.long)
        for number, name in enumerate(zoo.ZOO)
    ],
)
def test_any_network_is_packed_verified_and_unpacked(
    name: str, menu: tuple[str, ...], tmp_path: Path
) -> None:
    _, bench = zoo.saved(name)
    rng = np.random.default_rng(3)
    plan = Plan(bench.layer_names, tuple(str(s) for s in rng.choice(menu, len(bench.layers))))
    for coding in CODINGS:
        file = tmp_path / f"{coding}.mpq"
        model = bench.model.coded(coding)
        sizes = pack(model, plan, file, coding)
        assert file.stat().st_size == sizes.file_nbytes
        assert sizes.nbytes == model.nbytes(plan)
        assert sizes.other_nbytes == model.other_nbytes
        found = verify(file, bench)
        assert found.bit_exact
        assert found.plan == plan
        assert found.drop is not None
        (measured,) = bench.measure([plan])
        tolerance = 1.0 if name == "mixed" else 0.01
        assert found.confidence_pct == pytest.approx(
            100 * measured.confidence.mean(), abs=tolerance
        )
    restored = keras.models.load_model(
        unpack(tmp_path / "none.mpq", bench.model, tmp_path / "restored.keras")
    )
    expected = bench.model.decoded_model(plan)
    for one, other in zip(restored.weights, expected.weights, strict=True):
        assert one.path == other.path
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_another_model_is_refused_and_other_weights_need_force(tmp_path: Path) -> None:
    _, bench = zoo.saved("residual", count=1)
    plan = Plan.uniform(bench.layer_names, "fix8")
    pack(bench.model, plan, tmp_path / "a.mpq")
    _, other = zoo.saved("mobile", count=1)
    with pytest.raises(PackedError, match="was made from another model"):
        verify(tmp_path / "a.mpq", other)
    with pytest.raises(PackedError, match="where the model has"):
        unpack(tmp_path / "a.mpq", other.model, tmp_path / "no.keras", force=True)
    assert not (tmp_path / "no.keras").exists()
    fresh = keras.models.clone_model(bench.model.live)
    fresh.save(tmp_path / "fresh.keras")
    np.savez(tmp_path / "x.npz", x=np.zeros((1, *fresh.input_shape[1:]), np.uint8))
    model = mpsearch.load(
        str(tmp_path / "fresh.keras"), tmp_path / "x.npz", preprocess="unit"
    ).model
    with pytest.raises(PackedError, match="`force`"):
        unpack(tmp_path / "a.mpq", model, tmp_path / "no.keras")
    restored = keras.models.load_model(
        unpack(tmp_path / "a.mpq", model, tmp_path / "yes.keras", force=True)
    )
    for one, expected in zip(
        restored.weights, bench.model.decoded_model(plan).weights, strict=True
    ):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(expected))


@pytest.mark.parametrize("coding", CODINGS)
def test_the_file_is_as_large_as_the_search_said(
    here: Path, capsys: pytest.CaptureFixture[str], coding: Coding
) -> None:
    search = ("search", "--budget", "2", "--out", "s", "--coding")
    found = answer(capsys, *search, coding)
    assert found["coding"] == coding
    assert found["feasible"]
    assert (found["ratio"] > 3.5) == (coding == "entropy")
    assert found["ladder"]["original"]["nbytes"] == found["original_nbytes"] == 101_096
    exported = answer(capsys, "export", "s", "--format", "packed", "json", "--to", "out")
    proof = answer(capsys, "verify", "out/digits.mpq")
    assert proof["bit_exact"]
    assert proof["coding"] == coding
    assert proof["nbytes"] == found["nbytes"]
    assert proof["nbytes"] + proof["other_bytes"] + proof["header_bytes"] == proof["file_bytes"]
    assert proof["file_bytes"] == Path(exported["files"]["packed"]).stat().st_size
    assert proof["quanti_array"] == found["quanti_array"]
    plan = json.loads((here / "out/plan.json").read_text())
    assert (plan["coding"], plan["nbytes"]) == (coding, found["nbytes"])
    # The same command resumes; the other coding is another study in the same folder.
    again = answer(capsys, *search, coding)
    assert (again["nbytes"], again["trials"]) == (found["nbytes"], found["trials"])
    other = "none" if coding == "entropy" else "entropy"
    assert answer(capsys, *search, other)["feasible"]


def test_verify_and_unpack_say_what_they_found(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["search", "--budget", "2", "--trials", "20", "--out", "s", "--quiet"]) == 0
    assert run(["export", "s", "--format", "packed", "--to", ".", "--quiet"]) == 0
    capsys.readouterr()
    assert run(["verify", "digits.mpq", "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "bit exact       all 12 tensors" in text
    assert "pp over 60 images" in text
    assert run(["unpack", "digits.mpq", "--to", "d.keras", "--quiet"]) == 0
    assert capsys.readouterr().out == "d.keras\n"
    assert keras.models.load_model(here / "d.keras").name == "digits"


def test_a_file_of_other_codes_is_not_bit_exact(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Well formed, of this model, and not what its plan makes of it."""
    bench = mpsearch.load()
    pack(bench.model, Plan.uniform(bench.layer_names, "fix8"), here / "a.mpq")
    data = bytearray((here / "a.mpq").read_bytes())
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[16 : 16 + length])
    first = header["tensors"][0]
    start = 16 + length
    data[start] ^= 1
    piece = bytes(data[start : start + first["length"]])
    first["crc32"] = f"{zlib.crc32(piece):08x}"
    text = json.dumps(header, separators=(",", ":")).encode()
    assert len(text) == length
    data[12:16] = zlib.crc32(text).to_bytes(4, "little")
    data[16:start] = text
    (here / "a.mpq").write_bytes(data)
    found = answer(capsys, "verify", "a.mpq", code=1)
    assert not found["bit_exact"]
    assert found["different"] == [f"layer {first['layer']!r} kernel"]
    assert run(["verify", "a.mpq", "--quiet"]) == 1
    assert "NOT bit exact   1 of 12 tensors differ" in capsys.readouterr().out


def test_damaged_files_are_refused_before_tensorflow_is_loaded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.mpq").write_bytes(b"\x89MPQ\r\n\x1a\n" + b"\xff" * 20)
    for argv in (["verify", "a.mpq"], ["unpack", "a.mpq", "--to", "b.keras"]):
        assert run(argv) == 2
        message = capsys.readouterr().err
        assert message.startswith("mpsearch: error: packed file 'a.mpq': ")
        assert message.count("\n") == 1
    assert run(["unpack", "a.mpq", "--to", "b.txt"]) == 2
    assert "ends in .keras" in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == ["a.mpq"]


def test_npy_folders_of_a_plan_hold_each_layer_under_its_scheme(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = mpsearch.load()
    schemes = ("fl16", "fix8", "fix8", "bitwiseAnd_20", "original", "prun_0.1")
    files = mpsearch.export_plan(bench, Plan(bench.layer_names, schemes), here, ["npy"]).files
    assert files["npy"] == here / "digits"
    for index, (layer, scheme) in enumerate(zip(bench.layer_names, schemes, strict=True)):
        array = np.load(here / "digits" / scheme / f"{layer}_kernel.npy")
        decoded = mpsearch.parse_scheme(scheme)
        weights = bench.model.network.weights(index)[0]
        if scheme in {"fl16", "fix8"}:
            np.testing.assert_array_equal(array, decoded.encode(weights).reshape(-1))
        else:
            np.testing.assert_array_equal(array, decoded.apply(weights).reshape(-1))
    assert len(list((here / "digits").rglob("*.npy"))) == 12


def test_a_profile_counts_bytes_as_the_run_that_reads_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    menu = ("--schemes", "original,fix8")
    plain = answer(capsys, "profile", *menu, "--out", "s")
    coded = answer(capsys, "profile", *menu, "--out", "s", "--coding", "entropy")
    assert coded["stage_runs"] == plain["stage_runs"]  # nothing was measured again
    bank = mpsearch.load().model.coded("entropy").bank
    for row in coded["rows"]:
        assert row["nbytes"] == bank.nbytes(row["index"], row["scheme"])
    (whole,) = (row["nbytes"] for row in coded["uniform"] if row["scheme"] == "fix8")
    assert whole == bank.plan_nbytes(("fix8",) * len(coded["layers"]))
    assert answer(capsys, "profile", *menu, "--out", "s")["rows"] == plain["rows"]


def test_a_profile_with_what_is_gone_does_no_harm(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    menu = ("--schemes", "original,fix8")
    answer(capsys, "profile", *menu, "--out", "s")
    file = Path("s/profile.json")
    document = json.loads(file.read_text())
    document["per_layer"].append({**document["per_layer"][1], "scheme": "half_3"})
    document["uniform"].append({**document["uniform"][1], "scheme": "half_3"})
    file.write_text(json.dumps(document))
    answer(capsys, "profile", *menu, "--out", "s")
    document["per_layer"][0]["layer"] = "nowhere"
    file.write_text(json.dumps(document))
    assert run(["profile", *menu, "--out", "s"]) == 2
    assert "names layer 'nowhere'" in capsys.readouterr().err
