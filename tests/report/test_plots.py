"""Figures are the same each time, are XML, and have room for their words."""

import io
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import HOSTILE, made_study
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mpsearch.api.study_record import read_study
from mpsearch.report import figures, plots
from mpsearch.report.record import StudyRecord

pytestmark = pytest.mark.xdist_group("plots")  # what is shared is made once

LAYERS = {
    "few": ["conv1", "conv2", "dense"],
    "many": [f"stage{i // 6}_separable_conv2d_{i % 6}" for i in range(30)],
    "hostile": list(HOSTILE),
}


@pytest.fixture(scope="module", params=LAYERS)
def drawings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, plots.Draw]:
    """Figure → how to draw it."""
    folder = tmp_path_factory.mktemp("made")
    made_study(folder, LAYERS[request.param])
    return dict(all_drawings(read_study(folder)))


def all_drawings(record: StudyRecord) -> Iterator[tuple[str, plots.Draw]]:
    assert record.profile is not None
    assert record.trials is not None
    heat = figures.heatmap(record.profile, record.plan, "mean")
    curves = figures.cumulative_curves(record.profile, "mean", 2.0)
    layers = figures.layer_bytes(record.plan, record.layer_nbytes, record.other_nbytes)
    assert heat is not None
    assert curves is not None
    assert layers is not None
    trials, chosen = record.trials.trials, (record.nbytes, record.drop_pp)
    plans = figures.measured_plans(trials, record.goal, chosen, 0)
    steps = figures.progress(trials, record.goal, 0)
    pairs = list(zip(layers.schemes, layers.after, strict=True))
    yield "heatmap", lambda ink: plots.draw_heatmap(heat, ink)
    yield "cumulative", lambda ink: plots.draw_cumulative(curves, ink)
    yield "measured", lambda ink: plots.draw_measured(plans, ink)
    yield "two measured", lambda ink: plots.draw_two_measured(plans, plans, ("a", "b"), ink)
    yield "totals", lambda ink: plots.draw_totals(layers, ink)
    yield "layers", lambda ink: plots.draw_layers(layers, ink)
    yield (
        "two layers",
        lambda ink: plots.draw_two_layers(layers.layers, pairs, pairs, ("a", "b"), ink),
    )
    yield "progress", lambda ink: plots.draw_progress(steps, ink)


def test_a_figure_is_the_same_xml_each_time_and_another_in_the_dark(
    drawings: dict[str, plots.Draw],
) -> None:
    for name, draw in drawings.items():
        text = plots.svg(draw, plots.LIGHT)
        assert text == plots.svg(draw, plots.LIGHT), name
        assert text != plots.svg(draw, plots.DARK), name
        root = ET.fromstring(text)
        assert root.tag.endswith("svg")
        assert not [e for e in root.iter() if e.tag.endswith(("script", "foreignObject"))]
        # References lead to glyphs, clips and markers of the file itself.
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith(("#", "data:image/png")) for link in links), name


def test_no_word_is_cut_off_and_no_legend_covers_the_axes(
    drawings: dict[str, plots.Draw],
) -> None:
    for name, draw in drawings.items():
        with mpl.rc_context({"text.parse_math": False}):
            figure = draw(plots.PAPER)
        canvas = FigureCanvasAgg(figure)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            canvas.draw()  # type: ignore[no-untyped-call]
        width, height = canvas.get_width_height()
        for text in (one for one in words(figure) if one.get_text()):
            box = text.get_window_extent()
            where = f"{name}: {text.get_text()!r} at {box}"
            assert box.x0 >= -1, where
            assert box.y0 >= -1, where
            assert box.x1 <= width + 1, where
            assert box.y1 <= height + 1, where
        for legend in figure.legends:
            boxes = [axes.get_tightbbox() for axes in figure.axes]
            below = min(box.y0 for box in boxes if box is not None)
            assert legend.get_window_extent().y1 <= below + 1, name


def words(figure: Figure) -> Iterator[Text]:
    """Every text that is drawn."""
    for axes in figure.axes:
        yield from axes.texts
        for axis in (axes.xaxis, axes.yaxis):
            yield axis.label
            yield from visible_ticks(axis)
    for legend in figure.legends:
        yield from legend.get_texts()


def visible_ticks(axis: Axis) -> Iterator[Text]:
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        if low <= tick.get_loc() <= high:
            yield tick.label1
            yield tick.label2


def test_a_png_shows_something_on_white(drawings: dict[str, plots.Draw]) -> None:
    for name, draw in drawings.items():
        with Image.open(io.BytesIO(plots.png(draw))) as picture:
            pixels = np.asarray(picture.convert("L"))
        assert pixels.shape[1] == 1200
        assert pixels[0, 0] == 255
        assert (pixels < 128).mean() > 0.002, name


@given(st.floats(1, 1e11), st.floats(1.01, 1e4))
def test_ticks_are_a_few_inside_the_axis(low: float, span: float) -> None:
    ticks = plots.log_ticks(low, low * span)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 12
    assert all(low * 0.98 <= tick <= low * span * 1.02 for tick in ticks)
    if span > 3:
        assert len(ticks) >= 2


def test_drawing_leaves_no_trace_in_matplotlib(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    made_study(tmp_path, ["a", "b"])
    for _, draw in all_drawings(read_study(tmp_path)):
        plots.png(draw)
    assert dict(mpl.rcParams) == before
