"""The original program's reports, byte for byte."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsearch.report.text import each_layer_report, specific_report, top_three, uniform_report
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan

Golden = Callable[[str, str], None]

NAMES = ["cup", "espresso", "coffeepot", "coffee_mug"]
MUG, CUP, POT = 3, 0, 2


def answers(images: Sequence[Sequence[float]], classes: Sequence[int]) -> Measurement:
    """A measurement of *images*, each the percentages of *classes*."""
    n = len(images)
    return Measurement(
        plan=Plan((), ()),
        nbytes=0,
        confidence=np.zeros(n),
        margin=np.zeros(n),
        top_classes=np.array([classes] * n, dtype=np.int64),
        top_probabilities=(np.array(images) / 100).astype(np.float32),
        stage_runs=0,
    )


def mug(*percentages: float) -> Measurement:
    return answers([percentages], [MUG, CUP, POT])


def test_the_uniform_report_has_a_line_per_scheme(golden: Golden) -> None:
    rows = [
        ("original", mug(89.09, 5.26, 2.26)),
        ("bitwiseAnd_1", mug(89.09, 5.26, 2.26)),
        ("bitwiseAnd_16", mug(88.09, 5.60, 2.40)),
        ("bitwiseAnd_22", mug(30.00, 10.50, 9.05)),
        ("fl16", mug(89.10, 5.26, 2.25)),
        ("fix8", mug(0.5, 0.25, 0.0)),
        ("prun_0.005", mug(100.0, 0.0, 0.0)),
    ]
    text = uniform_report(rows, 0, NAMES)
    golden("test.txt", text)
    assert "\n16 bit : coffee_mug (88.09%) cup (5.60%) coffeepot (2.40%)\n" in text


def test_the_report_of_each_layer_has_an_empty_line_after_each(golden: Golden) -> None:
    rows = [
        (0, "bitwiseAnd_16", mug(89.12, 5.28, 2.23)),
        (0, "bitwiseAnd_22", mug(86.16, 5.77, 2.91)),
        (0, "fl16", mug(89.09, 5.26, 2.26)),
        (1, "bitwiseAnd_16", mug(89.05, 5.28, 2.27)),
        (1, "bitwiseAnd_22", mug(85.81, 5.69, 3.00)),
        (1, "fl16", mug(89.09, 5.27, 2.26)),
        (13, "bitwiseAnd_16", mug(89.04, 5.28, 2.28)),
    ]
    text = each_layer_report(rows, 0, NAMES)
    golden("check_each_layer.txt", text)
    last = "\n\n13 layer, 16 bit : coffee_mug (89.04%) cup (5.28%) coffeepot (2.28%)\n\n"
    assert text.endswith(last)
    assert text.count("\n\n") == 3


def test_the_specific_report_names_the_scheme_of_the_last_changed_layer(golden: Golden) -> None:
    rows = [
        ("original", mug(89.09, 5.26, 2.26)),
        ("bitwiseAnd_16", mug(88.41, 5.50, 2.39)),
        ("fix8", mug(77.02, 8.40, 3.75)),
        ("bitwiseAnd_22", mug(76.50, 8.61, 3.80)),
        ("fl16", mug(76.32, 8.68, 3.82)),
    ]
    text = specific_report(rows, 0, NAMES)
    golden("check_specific.txt", text)
    assert text.endswith(
        "\n0~4 layer, fl16 bit : coffee_mug (76.32%) cup (8.68%) coffeepot (3.82%)\n"
    )


def test_the_specific_report_writes_schemes_by_their_full_names() -> None:
    text = specific_report([("bitwiseAnd_16", mug(1, 1, 1))], 0, NAMES)
    assert text.startswith("0~0 layer, bitwiseAnd_16 bit : ")


def test_a_model_of_two_classes_has_two_answers() -> None:
    found = answers([[75.0, 25.0]], [1, 0])
    names = ["no", "yes"]
    assert uniform_report([("fix8", found)], 0, names) == "fix8 bit : yes (75.00%) no (25.00%)\n"
    assert each_layer_report([(0, "bitwiseAnd_8", found)], 0, names) == (
        "0 layer, 8 bit : yes (75.00%) no (25.00%)\n\n"
    )
    assert specific_report([("fl16", found)], 0, names) == (
        "0~0 layer, fl16 bit : yes (75.00%) no (25.00%)\n"
    )


def test_each_image_has_a_report_of_its_own() -> None:
    found = answers([[60.0, 40.0], [51.0, 49.0]], [CUP, POT])
    assert top_three(found, 0, NAMES) == "cup (60.00%) coffeepot (40.00%)"
    assert top_three(found, 1, NAMES) == "cup (51.00%) coffeepot (49.00%)"


@pytest.mark.parametrize("render", [uniform_report, each_layer_report, specific_report])
def test_a_report_without_rows_is_empty(render: Callable[..., str]) -> None:
    assert render([], 0, NAMES) == ""


@settings(deadline=None)
@given(st.floats(0, 1, width=32))
def test_a_probability_is_a_percentage_rounded_to_two_decimals(probability: float) -> None:
    text = top_three(answers([[probability * 100]], [CUP]), 0, NAMES)
    match = re.fullmatch(r"cup \((\d{1,3}\.\d\d)%\)", text)
    assert match
    # Half of the last digit, and what float32 loses of 100 %.
    assert abs(float(match[1]) - probability * 100) <= 0.005 + 1e-5


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["fix8", "fl16"])), max_size=12))
def test_the_report_of_each_layer_keeps_the_order_of_its_rows(rows: list[tuple[int, str]]) -> None:
    rows.sort(key=lambda row: row[0])
    text = each_layer_report([(layer, scheme, mug(1, 1, 1)) for layer, scheme in rows], 0, NAMES)
    lines = [line.partition(" bit : ")[0] for line in text.splitlines() if line]
    assert lines == [f"{layer} layer, {scheme}" for layer, scheme in rows]
    assert text.count("\n\n") == len({layer for layer, _ in rows})
