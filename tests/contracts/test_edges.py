"""Edges of values and files that were wrong once."""

import json
from pathlib import Path

import numpy as np
import pytest

from mpsearch.export.npy_folders import write_npy_folder
from mpsearch.export.plan_json import read_plan_file
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.schemes.prune import Prune
from mpsearch.system.files import file_name, write_bytes
from mpsearch.values.errors import MPSearchError, PlanError, SchemeError, SettingError
from mpsearch.values.fingerprint import array_digest, text_digest
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan
from mpsearch.values.question import Question
from mpsearch.values.study_toml import read_question, settings_text


@pytest.mark.parametrize("written", ["prun_10000000000000000", "prun_1e16", "prun_0.1e-99"])
def test_names_of_very_large_and_very_small_thresholds_parse_back(written: str) -> None:
    scheme = parse_scheme(written)
    assert parse_scheme(scheme.name) == scheme


def test_a_threshold_from_numpy_or_an_int_has_the_same_name() -> None:
    assert Prune(np.float64(0.005)).name == "prun_0.005"
    assert Prune(1) == Prune(1.0)


@pytest.mark.parametrize("name", ["fix8_", "original_", "fl16_"])
def test_an_empty_parameter_is_refused(name: str) -> None:
    with pytest.raises(SchemeError):
        parse_scheme(name)


def test_a_large_count_is_out_of_range_rather_than_missing() -> None:
    with pytest.raises(SchemeError, match="out of range"):
        parse_scheme("bitwiseAnd_99999")


@pytest.mark.parametrize("name", DOCUMENTED)
def test_codes_of_a_tensor_without_dimensions_are_arrays(name: str) -> None:
    scheme = parse_scheme(name)
    codes = scheme.encode(np.array(0.5, dtype=np.float32))
    assert isinstance(codes, np.ndarray)
    assert isinstance(scheme.decode(codes), np.ndarray)


def again(folder: Path, config: Question) -> Question:
    (folder / "study.toml").write_bytes(settings_text(config, folder).encode())
    return read_question(folder / "study.toml")


def test_unprintable_characters_beyond_16_bits_come_back(tmp_path: Path) -> None:
    config = Question(study_name="a\U000e0001b")
    assert again(tmp_path, config) == config


def test_a_truth_file_called_y_in_the_folder_comes_back(tmp_path: Path) -> None:
    config = Question(truth=str(tmp_path / "y"))
    assert again(tmp_path, config) == config


def test_a_model_file_whose_name_begins_like_a_scheme_comes_back(tmp_path: Path) -> None:
    config = Question(model=str(tmp_path / "keras:x"))
    assert again(tmp_path, config) == config


def test_a_number_of_5000_digits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("seed = " + "1" * 5000)
    with pytest.raises(SettingError):
        read_question(tmp_path / "study.toml")


def test_a_long_name_that_begins_like_a_device_keeps_the_limit() -> None:
    assert len(file_name("con." + "a" * 200)) <= 120


def test_a_cut_name_does_not_end_in_a_dot() -> None:
    assert not file_name("a" * 119 + ".b").endswith(".")


def test_a_long_name_of_wide_characters_can_be_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / file_name("層" * 100), b"")


def test_lists_of_other_lengths_have_other_digests() -> None:
    assert text_digest([]) != text_digest([""])
    assert text_digest(["a\0b"]) != text_digest(["a", "b"])


def test_a_scalar_and_a_list_of_one_have_other_digests() -> None:
    one = np.ones(1, dtype=np.float32)
    assert array_digest([one]) != array_digest([one.reshape(())])


def test_replacing_an_unknown_layer_is_refused() -> None:
    with pytest.raises(PlanError):
        Plan(("a",), ("fix8",)).replace("b", "fl16")


def test_a_layer_name_with_half_a_surrogate_pair_has_a_digest() -> None:
    assert Plan(("a\udcff",), ("fix8",)).digest


def test_arrays_of_the_caller_stay_writable() -> None:
    mine = np.ones(1)
    classes = np.zeros((1, 1), dtype=np.int64)
    top = np.zeros((1, 1), dtype=np.float32)
    Measurement(Plan((), ()), 0, mine, np.ones(1), classes, top, 0)
    assert mine.flags.writeable


@pytest.mark.parametrize(
    "changes",
    [
        {"nbytes": "abc"},
        {"nbytes": [1]},
        {"nbytes": float("inf")},
        {"drop_pp": 10**400},
        {"drop_pp": float("nan")},
        {"plan": {"a": "nope"}},
        {"plan": {"a": {}}},
    ],
    ids=lambda changes: str(changes)[:30],
)
def test_a_damaged_plan_file_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    document = {"format": "mpsearch-plan", "version": 1, "model": "m", "plan": {"a": "fix8"}}
    (tmp_path / "p.json").write_text(json.dumps({**document, **changes}))
    with pytest.raises(MPSearchError):
        read_plan_file(tmp_path / "p.json", ["a"], "m")


def test_tensors_whose_joined_names_meet_have_files_of_their_own(tmp_path: Path) -> None:
    layers = (
        WeightLayer(0, "sep", "SeparableConv2D", (WeightTensor("depthwise_kernel", (2,)),)),
        WeightLayer(1, "sep_depthwise", "Conv2D", (WeightTensor("kernel", (3,)),)),
    )
    files = write_npy_folder(
        tmp_path, "m", parse_scheme("fix8"), layers, lambda i: (np.ones(2 + i, np.float32),)
    )
    assert len(set(files)) == 2


def test_an_annotated_list_is_understood(tmp_path: Path) -> None:
    (tmp_path / "q.py").write_text("quanti_array: list[str] = ['fix8']\n")
    assert read_quanti_array(str(tmp_path / "q.py"), ["a"]).schemes == ("fix8",)


def test_the_last_assignment_counts_as_in_python(tmp_path: Path) -> None:
    (tmp_path / "q.py").write_text("quanti_array = ['fl16']\nquanti_array = ['fix8']\n")
    assert read_quanti_array(str(tmp_path / "q.py"), ["a"]).schemes == ("fix8",)


def test_a_plan_without_layers_has_a_file() -> None:
    assert quanti_array_file(Plan((), ()))
