"""What the figures show, checked against what was measured."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import BITS, MadeStudy, made_study

from mpsearch.api.study_record import read_study
from mpsearch.propose.goal import Goal
from mpsearch.report import figures
from mpsearch.report.record import StudyRecord
from mpsearch.study.trials import Trial
from mpsearch.values.plan import Plan

PLAN = Plan(("a", "b"), ("fl16", "fix8"))

measured = st.lists(
    st.builds(
        Trial,
        st.just(PLAN),
        st.integers(1, 50),
        st.floats(0, 9).map(lambda pp: round(pp, 1)),
        st.just("x"),
    ),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = tmp_path_factory.mktemp("made")
    made_study(folder, [f"layer{i}" for i in range(9)])
    return read_study(folder)


def test_the_heatmap_has_every_measured_cell_and_frames_the_plan(record: StudyRecord) -> None:
    profile = record.profile
    assert profile is not None
    data = figures.heatmap(profile, record.plan, "mean")
    assert data is not None
    assert data.schemes == tuple(BITS)  # the largest first
    for row, layer in enumerate(data.layers):
        for column, scheme in enumerate(data.schemes):
            reading = profile.per_layer[layer, scheme]
            assert data.drops_pp[row, column] == profile.drop_pp(reading, "mean")
    framed = [data.schemes[column] for column in data.chosen if column is not None]
    assert tuple(framed) == record.plan.schemes
    parts = data.parts(4)
    assert [len(part.layers) for part in parts] == [3, 3, 3]
    assert sum((part.layers for part in parts), ()) == data.layers
    assert np.array_equal(np.concatenate([part.drops_pp for part in parts]), data.drops_pp)
    assert {part.limits_pp for part in parts} == {data.limits_pp}


def test_cumulative_curves_end_where_all_layers_are_changed(record: StudyRecord) -> None:
    profile = record.profile
    assert profile is not None
    data = figures.cumulative_curves(profile, "mean", 2.0)
    assert data is not None
    assert list(data.curves) == [scheme for scheme in BITS if scheme != "original"]
    for scheme, drops in data.curves.items():
        last = profile.cumulative[scheme, len(data.layers) - 1]
        assert drops[-1] == profile.drop_pp(last, "mean")


@given(measured, st.floats(0, 9))
def test_the_front_is_what_no_plan_beats(trials: list[Trial], budget: float) -> None:
    data = figures.measured_plans(trials, Goal("mean", budget), (7, 1.0), 100)
    front = [(int(data.nbytes[i]), float(data.drops_pp[i])) for i in data.front]
    assert front == sorted(front)
    for one in trials:
        place = (one.nbytes + 100, one.drop_pp)
        assert any(f[0] <= place[0] and f[1] <= place[1] for f in front)
        beaten = any(
            o.nbytes + 100 <= place[0]
            and o.drop_pp <= place[1]
            and (o.nbytes + 100, o.drop_pp) != place
            for o in trials
        )
        assert (place in front) == (not beaten)
    assert data.feasible.tolist() == [one.bound_pp <= budget for one in trials]
    assert data.chosen == (107, 1.0)


@given(measured, st.sampled_from([Goal("mean", 3.0), Goal("mean", max_nbytes=25)]))
def test_progress_is_the_best_feasible_value_so_far(trials: list[Trial], goal: Goal) -> None:
    data = figures.progress(trials, goal, 0)
    for place in range(len(trials)):
        values = [
            t.nbytes if goal.max_nbytes is None else t.drop_pp
            for t in trials[: place + 1]
            if goal.feasible(t.nbytes, t.bound_pp)
        ]
        if values:
            assert data.best[place] == min(values)
        else:
            assert np.isnan(data.best[place])


def test_bytes_per_layer_add_up_to_the_plan(record: StudyRecord) -> None:
    data = figures.layer_bytes(record.plan, record.layer_nbytes, record.other_nbytes)
    assert data is not None
    assert sum(data.after) == record.nbytes
    assert sum(data.before) == record.original_nbytes
    totals = data.totals()
    assert sum(after for _, _, after in totals) == record.nbytes
    assert sum(before for _, before, _ in totals) == record.original_nbytes
    assert {scheme for scheme, _, _ in totals} == set(record.plan.schemes)
    assert figures.layer_bytes(record.plan, {}, 0) is None


@given(st.integers(1, 400), st.integers(1, 80))
def test_pieces_cover_all_rows_and_none_is_too_high(count: int, rows: int) -> None:
    found = figures.pieces(count, rows)
    covered = [i for piece in found for i in range(count)[piece]]
    assert covered == list(range(count))
    sizes = [len(range(count)[piece]) for piece in found]
    assert max(sizes) <= rows
    assert max(sizes) - min(sizes) <= 1


def test_a_study_without_a_profile_has_no_sensitivity(tmp_path: Path) -> None:
    made = MadeStudy(tmp_path)
    made.write_result()
    record = read_study(tmp_path)
    assert record.profile is None
    assert record.trials is None
    assert len(record.left_out) == 2
