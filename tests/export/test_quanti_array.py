"""The plan as the list that the original program took by hand."""

import ast
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.export.plan_json import PlanFile
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array
from mpsearch.values.errors import MPSearchError, PlanError, SchemeError
from mpsearch.values.plan import Plan

LAYERS = ("conv1", "conv2", "dense")
SCHEMES = ("bitwiseAnd_16", "fix8", "prun_0.005")
PLAN = Plan(LAYERS, SCHEMES)
LIST = repr(list(SCHEMES))
ODD_NAMES = (
    "two\nlines",
    "carriage\rreturn",
    "# hash",
    "'quote', \"double\"",
    "]",
    "\\",
    "form\ffeed",
    "line\u2028separator",
    "next\x85line",
    "nul\0",
    "層",
    "\ud800",
    "",
)


def written(folder: Path, text: str, name: str = "quanti_array.py") -> str:
    path = folder / name
    path.write_bytes(text.encode())
    return str(path)


def refused(text: str, layers: tuple[str, ...] = LAYERS) -> str:
    """The message with which *text* is refused, in a few seconds at most."""
    start = time.perf_counter()
    with pytest.raises(PlanError) as caught:
        read_quanti_array(text, layers)
    assert time.perf_counter() - start < 20
    return str(caught.value)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=8), st.sampled_from(["fix8", "fl16", "bitwiseAnd_9", "prun_0.1"])
        ),
        unique_by=lambda row: row[0],
        min_size=1,
        max_size=8,
    )
)
def test_the_file_holds_the_plan_whatever_the_layers_are_called(
    rows: list[tuple[str, str]],
) -> None:
    plan = Plan(tuple(name for name, _ in rows), tuple(scheme for _, scheme in rows))
    text = quanti_array_file(plan)
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    assert ast.literal_eval(statement.value) == list(plan.schemes)


def test_the_file_is_understood(tmp_path: Path) -> None:
    assert read_quanti_array(written(tmp_path, quanti_array_file(PLAN)), LAYERS) == PLAN


def test_odd_layer_names_stay_in_their_comments(tmp_path: Path) -> None:
    plan = Plan.uniform(ODD_NAMES, "fix8")
    text = quanti_array_file(plan)
    lines = text.splitlines()
    assert len(lines) == len(ODD_NAMES) + 2
    for i, line in enumerate(lines[1:-1]):
        assert line.startswith(f"    'fix8',  # {i} ")
    assert read_quanti_array(written(tmp_path, text), ODD_NAMES) == plan


def test_comments_are_aligned_and_name_index_and_layer() -> None:
    assert quanti_array_file(PLAN) == (
        "quanti_array = [\n"
        "    'bitwiseAnd_16',  # 0 conv1\n"
        "    'fix8',           # 1 conv2\n"
        "    'prun_0.005',     # 2 dense\n"
        "]\n"
    )


def test_a_list_is_understood_as_it_is() -> None:
    assert read_quanti_array(LIST, LAYERS) == PLAN
    assert read_quanti_array(f"  {LIST[:-1]},]\n", LAYERS) == PLAN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.json", json.dumps(SCHEMES)),
        ("x.json", json.dumps(SCHEMES, indent=4)),
        ("plan.json", PlanFile(PLAN, "", 0).to_json()),
        ("x.txt", LIST),
        ("x.py", f"import os\n\nother = 3\nquanti_array = {LIST}\n"),
        ("x.py", f'"""Words."""\n# [\nquanti_array = {LIST}  # ]\n'),
        ("no_suffix", f"\n\n  {LIST}\n\n"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_all_kinds_are_understood(
    tmp_path: Path, name: str, text: str, mark: str, end: str
) -> None:
    path = written(tmp_path, mark + text.replace("\n", end), name)
    assert read_quanti_array(path, LAYERS) == PLAN


def test_a_plan_object_need_not_keep_the_order_of_layers(tmp_path: Path) -> None:
    plan = dict(reversed(PLAN.as_mapping().items()))
    path = written(tmp_path, json.dumps({"plan": plan}), "plan.json")
    assert read_quanti_array(path, LAYERS) == PLAN


def test_scheme_names_are_written_in_their_one_form() -> None:
    plan = read_quanti_array("['bitwiseAnd_08', 'prun_5e-3', 'fix8']", LAYERS)
    assert plan.schemes == ("bitwiseAnd_8", "prun_0.005", "fix8")


@pytest.mark.parametrize("count", [0, 1, 15, 17, 100_000])
def test_another_number_of_entries_is_told_with_both_numbers(count: int) -> None:
    message = refused(repr(["fix8"] * count), tuple(f"layer{i}" for i in range(16)))
    assert "expected 16 entries" in message
    assert message.endswith(f"got {count}")


def test_a_plan_object_of_other_layers_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"plan": {"conv1": "fix8"}}), "plan.json")
    assert "first 'conv2'" in refused(path)


def test_an_unknown_scheme_gets_the_nearest_known_one() -> None:
    with pytest.raises(SchemeError, match=r"'fix9'.*'fix8'"):
        read_quanti_array("['fix9', 'fix8', 'fix8']", LAYERS)


@pytest.mark.parametrize(
    "code",
    [
        "quanti_array = [open({path!r}, 'w').name] * 3",
        "quanti_array = ['fix8', 'fix8', __import__('pathlib').Path({path!r}).touch()]",
        "quanti_array = [x for x in [open({path!r}, 'w')]]",
        "[f'{{open({path!r}, chr(119))}}', 'fix8', 'fix8']",
        "(lambda: open({path!r}, 'w'))()",
        "quanti_array = list(map(str, [open({path!r}, 'w')]))",
    ],
)
def test_code_in_a_file_is_refused_and_not_executed(tmp_path: Path, code: str) -> None:
    witness = tmp_path / "executed"
    refused(written(tmp_path, code.format(path=str(witness))))
    assert not witness.exists()


def test_code_around_the_list_is_not_executed(tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    touch = f"open({str(witness)!r}, 'w').close()\n"
    path = written(tmp_path, f"{touch}quanti_array = {LIST}\n{touch}")
    assert read_quanti_array(path, LAYERS) == PLAN
    assert not witness.exists()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "[" * 100_000 + "]" * 100_000,
        "[" + "-" * 100_000 + "1]",
        "[" + "not " * 100_000 + "1]",
        "[a" + ".a" * 100_000 + "]",
        "['fix8'" + " + 'fix8'" * 50_000 + "]",
        '{"plan":' * 50_000,
        '{"plan": ' + "[" * 100_000,
        "(" * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    assert "quanti_array cannot be read" in refused(written(tmp_path, text))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in refused(written(tmp_path, LIST + " " * 2**20))
    assert read_quanti_array(written(tmp_path, LIST + " " * 2**19), LAYERS) == PLAN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "quanti_array",
        "quanti_array = 3",
        "quanti_array = 'fix8'",
        "quanti_array = ('fix8', 'fix8', 'fix8')",
        "quanti_array = ['fix8', 'fix8', 8]",
        "quanti_array = ['fix8', 'fix8', None]",
        "quanti_array = [['fix8'], 'fix8', 'fix8']",
        "quanti_array = [b'fix8', 'fix8', 'fix8']",
        "quanti_array = ['fix8', 'fix8', 'fix8'",
        "other = ['fix8', 'fix8', 'fix8']",
        '["fix8", "fix8", NaN]',
        '["fix8", "fix8", null]',
        "{'plan': 3}",
        '{"plan": 3}',
        '{"plan": ["fix8", "fix8", "fix8"]}',
        "{}",
        "\0",
        "\x1a",
    ],
)
def test_anything_else_is_refused_with_what_is_expected(tmp_path: Path, text: str) -> None:
    assert "a Python list of scheme names such as ['fix8', 'fl16']" in refused(
        written(tmp_path, text)
    )


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"\xff\xfe[\x00")
    assert "is not text" in refused(str(path))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for text in (str(tmp_path / "missing.py"), str(tmp_path), "fix8", "", "x" * 5000, "a\0b"):
        assert "a .py or a .json file" in refused(text)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_list_like_text_is_a_plan_or_is_refused(text: str) -> None:
    try:
        plan = read_quanti_array(f"[{text}", LAYERS)
    except MPSearchError:
        return
    assert plan.layers == LAYERS
