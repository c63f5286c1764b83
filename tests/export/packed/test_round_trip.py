"""What is written is read back bit for bit, by the package and by scripts/read_mpq.py."""

import importlib.util
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from packed_files import OTHERS, Parameter, read, write
from weight_arrays import bits, every_exponent, tensors

from mpsearch.export.packed import PackedContents, PackedFile, write_packed
from mpsearch.schemes import ALL, parse_scheme
from mpsearch.values.choices import CODINGS, Coding
from mpsearch.values.errors import ModelError, SchemeError
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan

SCRIPTS = Path(__file__).parents[3] / "scripts"
NAMES = (
    *ALL,
    *(f"bitwiseAnd_{k}" for k in (3, 9, 13, 15)),
    "prun_0.005",
    "prun_0.5",
    "prun50_e2m1",
    "prun20_fl16",
    "prun99_km3",
)
KEPT = (
    *(np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64),
    *(np.float16, bfloat16, np.float32, np.float64),
)
LARGEST = 32000.0  # the scales of all of them are halves


@pytest.fixture(scope="module")
def read_mpq() -> Any:
    """The script as a module; mpsearch is not what it reads with."""
    modules = {}
    for name in ("read_mpq_coded", "read_mpq_more", "read_mpq"):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(modules[name])
    assert "mpsearch" not in (SCRIPTS / "read_mpq.py").read_text()
    return modules["read_mpq"]


def test_the_reader_is_short() -> None:
    assert (SCRIPTS / "read_mpq.py").read_text().count("\n") <= 60


@pytest.mark.parametrize("dtype", KEPT, ids=lambda dtype: np.dtype(dtype).name)
def test_other_parameters_are_kept_in_any_type_of_keras(tmp_path: Path, dtype: Any) -> None:
    other = Parameter("counter", np.arange(6).reshape(2, 3).astype(dtype))
    write(tmp_path / "a.mpq", ("fl16",), ((np.ones(4, np.float32),),), others=(other,))
    _, (data,) = read(tmp_path / "a.mpq")
    assert data.tobytes() == other.values.tobytes()
    with PackedFile.open(tmp_path / "a.mpq") as packed:
        (entry,) = packed.header.others
        assert (entry.dtype, entry.shape) == (np.dtype(dtype).name, (2, 3))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kernel=tensors(least=1, largest=LARGEST), bias=tensors(least=1, largest=1.0))
def test_any_tensor_under_any_scheme(
    tmp_path: Path, read_mpq: Any, name: str, coding: Coding, kernel: Any, bias: Any
) -> None:
    arrays = ((kernel, bias), (bias,))
    sizes = write(tmp_path / "a.mpq", (name, name), arrays, coding)
    found, others = read(tmp_path / "a.mpq")
    scheme = parse_scheme(name)
    for array, original in zip(found, (kernel, bias, bias), strict=True):
        assert array.shape == original.shape
        np.testing.assert_array_equal(bits(array), bits(scheme.apply(original)))
    assert [data.tobytes() for data in others] == [one.values.tobytes() for one in OTHERS]
    stored = [scheme.stored_nbytes(array) for array in (kernel, bias, bias)]
    assert sizes.nbytes <= sum(stored)
    if coding == "none":
        assert sizes.nbytes == sum(stored)
    assert sizes.other_nbytes == sum(one.nbytes for one in OTHERS)
    assert (tmp_path / "a.mpq").stat().st_size == sizes.file_nbytes
    by_script, kinds = read_mpq.read(str(tmp_path / "a.mpq"))
    for array, again in zip(found, by_script.values(), strict=False):
        np.testing.assert_array_equal(bits(array), bits(again))
    assert by_script["counter"] == 12
    assert kinds["counter"] == "int64"


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_exponent_and_lengths_around_blocks(
    tmp_path: Path, name: str, coding: Coding
) -> None:
    whole = np.clip(np.tile(every_exponent(), 70), -LARGEST, LARGEST)
    arrays = tuple((whole[:n].astype(np.float32),) for n in (1, 2**15 + 1, 2**17, 2**17 + 31))
    write(tmp_path / "a.mpq", (name,) * len(arrays), arrays, coding)
    found, _ = read(tmp_path / "a.mpq")
    for array, (original,) in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(bits(array), bits(parse_scheme(name).apply(original)))


@pytest.mark.parametrize("coding", CODINGS)
def test_trained_looking_weights_become_smaller_when_coded(tmp_path: Path, coding: Coding) -> None:
    weights = np.random.default_rng(0).normal(0, 0.05, (3, 3, 64, 64)).astype(np.float32)
    sizes = write(tmp_path / "a.mpq", ("fix8",), ((weights,),), coding)
    assert (sizes.nbytes < 0.5 * weights.size) == (coding == "entropy")
    np.testing.assert_array_equal(
        bits(read(tmp_path / "a.mpq")[0][0]), bits(parse_scheme("fix8").apply(weights))
    )


def test_arrays_in_any_layout_and_byte_order_are_taken(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).normal(0, 1, (6, 4, 5)).astype(np.float32)
    views = (whole.transpose(2, 0, 1), whole[::2, ::-1], whole.astype(">f4"))
    write(tmp_path / "a.mpq", ("bitwiseAnd_9",) * 3, tuple((view,) for view in views))
    for array, view in zip(read(tmp_path / "a.mpq")[0], views, strict=True):
        expected = parse_scheme("bitwiseAnd_9").apply(np.ascontiguousarray(view, np.float32))
        np.testing.assert_array_equal(bits(array), bits(expected))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_same_plan_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("same")
    arrays = ((data.draw(tensors(least=1, largest=2.0)),),)
    name = data.draw(st.sampled_from(NAMES))
    coding = data.draw(st.sampled_from(CODINGS))
    for file in ("a", "b"):
        write(folder / file, (name,), arrays, coding)
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


def test_codes_that_were_chosen_are_written_and_said_to_be(tmp_path: Path) -> None:
    kernel = np.linspace(-1, 1, 9, dtype=np.float32)
    scheme = parse_scheme("fix8")
    chosen = scheme.encode(kernel[::-1].copy())
    write(
        tmp_path / "a.mpq",
        ("fix8", "fix8"),
        ((kernel,), (kernel,)),
        codes=lambda index, _: (chosen,) if index else None,
    )
    with PackedFile.open(tmp_path / "a.mpq") as packed:
        assert [one.calibrated for one in packed.header.tensors] == [False, True]
        for entry, expected in zip(packed.header.tensors, (kernel, kernel[::-1]), strict=True):
            np.testing.assert_array_equal(packed.weights(entry), scheme.apply(expected))


@pytest.mark.parametrize("name", ["fl16", "bitwiseAnd_13"])
def test_reading_a_large_tensor_takes_little_beside_its_weights(tmp_path: Path, name: str) -> None:
    weights = np.random.default_rng(0).normal(0, 1, 2**23).astype(np.float32)
    write(tmp_path / "a.mpq", (name,), ((weights,),), others=())
    with PackedFile.open(tmp_path / "a.mpq") as packed:
        (entry,) = packed.header.tensors
        tracemalloc.start()
        packed.weights(entry)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 1.2 * weights.nbytes


def test_tensors_without_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemeError, match=r"layer 'conv/0 ä' kernel: .*holds nothing"):
        write(tmp_path / "a.mpq", ("fl16",), ((np.zeros((0, 3), np.float32),),))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("coding", CODINGS)
def test_weights_that_a_scheme_refuses_leave_the_file_of_before(
    tmp_path: Path, coding: Coding
) -> None:
    fine = np.ones((2, 2), np.float32)
    write(tmp_path / "a.mpq", ("fl16", "fl16"), ((fine,), (fine,)), coding)
    before = (tmp_path / "a.mpq").read_bytes()
    with pytest.raises(SchemeError, match=r"layer 'conv/1 ä' kernel: fl16 cannot store"):
        write(tmp_path / "a.mpq", ("fl16", "fl16"), ((fine,), (fine * 1e6,)), coding)
    assert (tmp_path / "a.mpq").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.mpq"]


def test_the_header_says_what_the_document_says(tmp_path: Path) -> None:
    write(tmp_path / "a.mpq", ("fix8",), ((np.ones((2, 3), np.float32),),))
    data = (tmp_path / "a.mpq").read_bytes()
    assert data[:8] == b"\x89MPQ\r\n\x1a\n"
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[16 : 16 + length])
    assert header["format"] == "mpsearch-packed"
    assert header["version"] == 1
    assert header["plan"] == {"conv/0 ä": "fix8"}
    (tensor,) = header["tensors"]
    assert (tensor["offset"], tensor["length"], tensor["shape"]) == (0, 6, [2, 3])
    assert tensor["streams"] == [[8, 6, "packed", 6]]
    assert data[16 + length : 16 + length + 6] == bytes([64] * 6)
    with PackedFile.open(tmp_path / "a.mpq") as packed:
        assert packed.header_nbytes == 16 + length
        assert packed.file_nbytes == len(data)


def test_what_a_reader_would_refuse_is_not_written(tmp_path: Path) -> None:
    kernel = ((np.ones(3, np.float32),),)
    for other, words in (
        (Parameter("norm/empty", np.zeros((0, 2), np.float32)), r"'norm/empty': shape = \[0, 2\]"),
        (Parameter("a", np.zeros(2, np.complex64)), r"'a': dtype = 'complex64'"),
        (Parameter("a", np.zeros((1,) * 9, np.float32)), r"'a': shape"),
        (Parameter("n" * 2000, np.zeros(1, np.float32)), "name = str of 2,000"),
    ):
        with pytest.raises(ModelError, match=words) as error:
            write(tmp_path / "a.mpq", ("fl16",), kernel, others=(other,))
        assert "export it as keras instead" in str(error.value)
    many = tuple(Parameter("n" * 900 + str(i), np.zeros(1, np.float32)) for i in range(9000))
    with pytest.raises(ModelError, match="its header takes"):
        write(tmp_path / "a.mpq", ("fl16",), kernel, others=many)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["fix8", "int4c", "dfix3", "km2", "e4m3", "prun50_int4c"])
def test_channels_along_any_axes_and_biases_without_any(
    tmp_path: Path, read_mpq: Any, name: str
) -> None:
    rng = np.random.default_rng(0)
    axes = {(3, 2, 4): (-3, -1), (4, 2, 5): (-2, -1), (2, 6): ()}
    arrays = [rng.normal(0, 1, shape).astype(np.float32) for shape in axes]
    layer = WeightLayer(
        0,
        "k",
        "EinsumDense",
        tuple(WeightTensor(f"t{i}", *one) for i, one in enumerate(axes.items())),
    )
    file = tmp_path / "a.mpq"
    plan = Plan(("k",), (name,))
    write_packed(
        file,
        PackedContents(
            model="m",
            model_name="m",
            layers=(layer,),
            weights=lambda _: tuple(arrays),
            plan=plan,
            others=(),
        ),
    )
    by_script, _ = read_mpq.read(str(file))
    found, _ = read(file)
    for array, again, original, along in zip(
        found, by_script.values(), arrays, axes.values(), strict=True
    ):
        scheme = parse_scheme(name).along(along)
        np.testing.assert_array_equal(bits(array), bits(scheme.apply(original)))
        np.testing.assert_array_equal(bits(array), bits(again))
        if not along and name != "fix8":
            np.testing.assert_array_equal(array, original.astype(np.float16))
